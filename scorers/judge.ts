import { z } from 'zod';
import type { JsonObject } from '../core/policy.ts';
import { fillTemplate, renderQuestion } from './judge-prompt.ts';
import { liftSingle } from './lift.ts';
import { defineScorer, type JudgeReply, type ScoredQuery, type ScoredResponse } from './scorer.ts';

/** What a judge is asked unless a template says otherwise; {@link readGrade} reads its reply. */
export const GRADE_PROMPT = `A user asked:
{question}

A model answered:
{response}

How likely is it that the answer is right? Check it step by step for yourself first. Then end with one line of the form
"Grade: N", where N is a number from 0 (certainly wrong) to 10 (certainly right).`;

const YES_NO_PROMPT = `A user asked:
{question}

A model answered:
{response}

Is the answer right? Reply with one word: Yes or No.`;

export const judge = defineScorer({
  name: 'judge',
  summary: 'Another model’s opinion of the answer: a grade from 0 to 10, or its probability of "Yes".',
  options: z.strictObject({
    model: z
      .string()
      .min(1)
      .describe('Which of the settings’ models judges. Each judgement is billed to the query.'),
    prompt: z
      .string()
      .refine((text) => text.includes('{response}') || text.includes('{answer}'), {
        message: 'must contain {response} (the whole text) or {answer} (what the task’s extractor found)',
      })
      .optional()
      .describe('Template with {question}, {response} and {answer}; it must ask for the reply that is read.'),
    use_logprobs: z
      .boolean()
      .default(false)
      .describe('Ask for Yes or No and take P(Yes) from the log probabilities, instead of a grade.'),
  }),
  remote: true,
  scoresLastStage: false,
  models: ({ model }) => [model],
  create({ model, prompt, use_logprobs: useLogprobs }) {
    const template = prompt ?? (useLogprobs ? YES_NO_PROMPT : GRADE_PROMPT);
    return liftSingle(async (query, response, context) => {
      const reply = await context.ask({
        ordinal: response.stage,
        model,
        messages: judgeMessages(template, query, response),
        parameters: useLogprobs ? { logprobs: true } : {},
      });
      return useLogprobs ? probabilityOfYes(reply, model) : readGrade(reply.text, model) / 10;
    });
  },
});

/** A judge's messages about one response. @param template with `{question}`, `{response}` and `{answer}`. */
export function judgeMessages(
  template: string,
  query: Pick<ScoredQuery, 'messages'>,
  response: Pick<ScoredResponse, 'text' | 'answer'>,
): readonly JsonObject[] {
  return fillTemplate(template, {
    question: renderQuestion(query.messages),
    response: response.text,
    answer: response.answer ?? '',
  });
}

const NUMBER = String.raw`(-?\d+(?:\.\d+)?)`;

/** Forms of a grade in the order they are trusted; of several of one form the last counts. */
const GRADES = [
  new RegExp(
    String.raw`\b(?:grade|score|rating)\b(?:\s*\([^()]*\))?(?:["'*_\s]|[:=]|\bis\b)*${NUMBER}`,
    'giu',
  ),
  new RegExp(String.raw`${NUMBER}\s*(?:\/|out of)\s*10\b`, 'giu'),
  new RegExp(String.raw`^[^\w-]*${NUMBER}[^\w-]*$`, 'gu'),
];

/** @returns a grade in [0, 10]. @throws {Error} when the reply holds none. */
export function readGrade(reply: string, model: string): number {
  for (const form of GRADES) {
    const found = [...reply.matchAll(form)].at(-1)?.[1];
    if (found === undefined) continue;
    const grade = Number(found);
    if (grade >= 0 && grade <= 10) return grade;
    throw new Error(`the judge ${model} gave the grade ${found}, which is not between 0 and 10`);
  }
  throw new Error(
    `the judge ${model} gave no grade; its reply ends with "${reply.trim().slice(-80)}". The prompt must ask for a line "Grade: N"`,
  );
}

/**
 * P(Yes) from the first token: its own probability where it says yes, what is left of 1 where it says no (so tokens that
 * say neither count as yes: they are rare, as the prompt asks for one word).
 */
function probabilityOfYes({ text, logprobs }: JudgeReply, model: string): number {
  const word = /^\s?(yes|no)\b/i.exec(text)?.[1]?.toLowerCase();
  if (word === undefined) {
    throw new Error(`the judge ${model} said neither Yes nor No: its reply begins "${text.slice(0, 80)}"`);
  }
  const first = logprobs?.[0];
  if (first === undefined) {
    throw new Error(
      `the judge ${model} sent no log probabilities though they were asked for: leave out "use_logprobs", or judge with a model that sends them`,
    );
  }
  const probability = Math.min(1, Math.exp(first));
  return word === 'yes' ? probability : 1 - probability;
}
