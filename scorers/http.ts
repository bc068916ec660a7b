import { z } from 'zod';
import { serviceUrl } from '../core/service-url.ts';
import { defineScorer } from './scorer.ts';

const reply = z.object({
  scores: z.array(z.object({ answer: z.string(), confidence: z.number().min(0).max(1) })),
});

/**
 * A scorer behind an HTTP endpoint, in any language: `POST {query, responses}` is answered with
 * `{"scores": [{"answer", "confidence"}]}`. There are no headers to set, on purpose: options are stored in the policy, where
 * a key must never be, and a scorer does not read the environment. Where the endpoint needs a key, put a proxy before it
 * that adds one.
 */
export const http = defineScorer({
  name: 'http',
  summary: 'A service of your own: POST {query, responses}, answered with {scores: [{answer, confidence}]}.',
  options: z.strictObject({
    url: serviceUrl('policies are stored in plain text').describe(
      'Where to POST. It must hold no secret: policies are stored in plain text.',
    ),
    timeout_ms: z
      .int()
      .min(1)
      .max(600_000)
      .default(10_000)
      .describe('Milliseconds that one scoring may take.'),
  }),
  remote: true,
  scoresLastStage: true,
  timeoutMs: (options) => options.timeout_ms,
  create({ url, timeout_ms: timeoutMs }) {
    return async (query, responses, { signal }) => {
      const timeout = AbortSignal.timeout(timeoutMs);
      let answered: Response;
      let text: string;
      try {
        answered = await fetch(url, {
          method: 'POST',
          headers: { 'content-type': 'application/json', accept: 'application/json' },
          body: JSON.stringify({ query, responses }),
          // A redirected POST would arrive as a GET without its body.
          redirect: 'error',
          signal: AbortSignal.any([signal, timeout]),
        });
        text = await answered.text();
      } catch (cause) {
        // A cancel is not a failure of the scorer.
        signal.throwIfAborted();
        const what = timeout.aborted ? `did not answer within ${timeoutMs} ms` : 'could not be reached';
        throw new Error(`the scorer at ${url} ${what}`, { cause });
      }
      if (!answered.ok) {
        throw new Error(`the scorer at ${url} answered with status ${answered.status}: ${excerpt(text)}`);
      }
      return readScores(text, url, answered.status);
    };
  },
});

function readScores(text: string, url: string, status: number): z.infer<typeof reply>['scores'] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new Error(`the scorer at ${url} answered with status ${status} and no JSON: ${excerpt(text)}`, {
      cause,
    });
  }
  const parsed = reply.safeParse(value);
  if (parsed.success) return parsed.data.scores;
  const problems = parsed.error.issues.map(
    ({ path, message }) => `${path.join('.') || 'the reply'}: ${message}`,
  );
  throw new Error(
    `the scorer at ${url} answered with status ${status}, but not with {"scores": [{"answer", "confidence"}]}: ${problems.join('; ')}`,
  );
}

function excerpt(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line === '' ? '(empty)' : `"${line.slice(0, 200)}"`;
}
