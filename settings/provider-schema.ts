import { z } from 'zod';
import { CATALOGUE, type ProviderKind } from '../providers/catalogue.ts';

const KEY_ADVICE =
  'keys do not belong in this file: put the key into an environment variable, and the variable’s name into api_key_env';

/** Headers and query parameters that carry keys; settings are shared and shown, so none of them may. */
const CARRIES_KEY = /authorization|api[-_]?key|^(x-)?(key|token)$|access[-_]?token|cookie|secret|password/i;

const plainValues = z.record(z.string(), z.string()).superRefine((values, context) => {
  for (const name of Object.keys(values)) {
    if (CARRIES_KEY.test(name)) context.addIssue({ code: 'custom', path: [name], message: KEY_ADVICE });
  }
});

const URL_EXPECTED = 'expected a URL such as "http://localhost:8000/v1"';

const baseUrl = z.url({ protocol: /^https?$/, error: URL_EXPECTED }).superRefine((text, context) => {
  if (!URL.canParse(text)) return;
  const { username, password, search, hash, pathname } = new URL(text);
  const complain = (message: string) => {
    context.addIssue({ code: 'custom', message });
  };
  if (username !== '' || password !== '') complain(`must hold no user or password: ${KEY_ADVICE}`);
  if (search !== '' || hash !== '') complain('must end with its path: write query parameters under query');
  if (/\/(chat\/)?completions\/?$/.test(pathname)) {
    complain('must end before /chat/completions, which is added to it');
  }
});

export const providerSchema = z
  .strictObject({
    kind: z
      .enum(Object.keys(CATALOGUE) as [ProviderKind, ...ProviderKind[]])
      .optional()
      .describe(
        'What it is. Default: the kind of the same name, else "openai-compatible" where base_url is set.',
      ),
    base_url: baseUrl
      .optional()
      .describe('Where its OpenAI-compatible API is, up to /chat/completions. Vendors have a default.'),
    api_key_env: z
      .string()
      .regex(
        /^[A-Z_][A-Z0-9_]*$/,
        'expected the name of an environment variable in capitals, such as OPENAI_API_KEY, never the key itself',
      )
      .optional()
      .describe('The environment variable that holds its key. Vendors have a default.'),
    api_key: z.never(KEY_ADVICE).optional().describe('Refused: keys stay in the environment.'),
    headers: plainValues.optional().describe('Sent with every request. Not for keys.'),
    query: plainValues
      .optional()
      .describe('Added to every request’s URL, such as Azure’s api-version. Not for keys.'),
  })
  .nullable();

export type RawProvider = z.infer<typeof providerSchema>;
