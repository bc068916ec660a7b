import { z } from 'zod';

/** What kind of source says whether an answer is right. */
export const SOURCE_KINDS = ['person', 'reference', 'caller'] as const;
export type SourceKind = (typeof SOURCE_KINDS)[number];

/** From this grade on an answer counts as right, where the source says nothing else. */
const RIGHT_FROM = 0.5;

const verdictFields = {
  correct: z.boolean().optional().describe('Whether the judged answer is right.'),
  grade: z.number().min(0).max(1).optional().describe('How good it is, from 0 to 1; right from 0.5 on.'),
  answer: z.string().trim().min(1).max(100_000).optional().describe('The right answer.'),
};

/** A verdict on a query's answer: see {@link isRight} for what its fields come to. */
export const verdictSchema = withOneWord(z.strictObject(verdictFields));
export type Verdict = z.infer<typeof verdictSchema>;

/** What the workflow `feedback` takes. */
export const feedbackSchema = withOneWord(
  z.strictObject({
    query: z.string().min(1).max(1000).describe('The query’s id, or its idempotency key.'),
    attempt: z
      .uuid()
      .optional()
      .describe('Which of the query’s responses is judged, by its attempt’s id. Default: the served one.'),
    ...verdictFields,
    source: z
      .string()
      .min(1)
      .max(100)
      .describe('Who says so, by name. A source has one word per answer: its last.'),
    sourceKind: z.enum(SOURCE_KINDS).describe('What kind of source that is.'),
  }),
);
export type Feedback = z.infer<typeof feedbackSchema>;

/** Refuses a verdict that says nothing, or two things. */
function withOneWord<
  Schema extends z.ZodType<{
    correct?: boolean | undefined;
    grade?: number | undefined;
    answer?: string | undefined;
  }>,
>(schema: Schema): Schema {
  return schema
    .refine(
      ({ correct, grade, answer }) => correct !== undefined || grade !== undefined || answer !== undefined,
      {
        message: 'says nothing of the answer: give correct, grade or answer',
      },
    )
    .refine(({ correct, answer }) => correct === undefined || answer === undefined, {
      message:
        'gives both correct and answer: with the right answer it is found out whether the served one is',
    });
}

/** Whether a verdict without an answer of its own calls the answer right. */
export function isRight({ correct, grade = 0 }: Verdict): boolean {
  return correct ?? grade >= RIGHT_FROM;
}

/** Every problem of an unknown value as feedback, one line each, or the feedback. */
export function parseFeedback(value: unknown): { feedback: Feedback } | { problems: string[] } {
  const parsed = feedbackSchema.safeParse(value);
  if (parsed.success) return { feedback: parsed.data };
  return {
    problems: parsed.error.issues.map(
      ({ path, message }) => `${path.join('.') || 'the feedback'}: ${message}`,
    ),
  };
}

/** What a person says of a query that waits for it: the argument of the update `review`. */
export const reviewSchema = withOneWord(
  z.strictObject({
    ...verdictFields,
    source: z.string().min(1).max(100).describe('Who says so, by name.'),
  }),
);
export type Review = z.infer<typeof reviewSchema>;

/** Every problem of an unknown value as a review, one line each, or the review. */
export function parseReview(value: unknown): { review: Review } | { problems: string[] } {
  const parsed = reviewSchema.safeParse(value);
  if (parsed.success) return { review: parsed.data };
  return {
    problems: parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'the review'}: ${message}`),
  };
}

/** What came of feedback. */
export interface Labelled {
  readonly queryId: string;
  /** Whether the judged answer is right by it. */
  readonly correct: boolean;
  /** Responses that were labelled: the judged one, and those of which it follows. */
  readonly responses: number;
}
