import { OpenAI } from 'openai';
import { CATALOGUE, type ProviderKind } from './catalogue.ts';
import { isFields } from './json.ts';

/** A connection to one vendor, complete but for what each request brings. */
export interface ProviderConfig {
  /** The provider's name in the settings. */
  readonly name: string;
  readonly kind: ProviderKind;
  /** Up to and without `/chat/completions`. */
  readonly baseUrl: string;
  /** Null for a server that asks for none. */
  readonly apiKey: string | null;
  /** Where the key came from, for messages. Default: the catalogue's. */
  readonly keyEnv?: string | null;
  /** Sent with every request; they win over ours. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Added to every request's URL, e.g. Azure's `{ "api-version": "2024-10-21" }`. */
  readonly query?: Readonly<Record<string, string>>;
}

/**
 * The SDK's client for a connection, stripped of what it does behind one's back: it retries nothing, reads no key,
 * organisation or project from the environment (it would send OpenAI's to any vendor), logs nothing (its log holds
 * prompts), and follows no redirect (a second request, with the key, to a host that nobody named).
 *
 * @throws {TypeError} when the base URL is none.
 */
export function createClient(config: ProviderConfig): OpenAI {
  if (!URL.canParse(config.baseUrl)) {
    throw new TypeError(
      `provider "${config.name}": base_url "${config.baseUrl}" is not a URL such as "https://api.openai.com/v1"`,
    );
  }
  const key = config.apiKey?.trim() ?? '';
  const bearer = key !== '' && CATALOGUE[config.kind].auth === 'bearer';
  return new OpenAI({
    baseURL: config.baseUrl,
    // The SDK insists on a key; without one of ours the header that would carry it is left out.
    apiKey: key === '' ? 'none' : key,
    adminAPIKey: null,
    organization: null,
    project: null,
    webhookSecret: null,
    maxRetries: 0,
    logLevel: 'off',
    defaultHeaders: {
      ...(!bearer && { Authorization: null }),
      ...(!bearer && key !== '' && { 'api-key': key }),
      ...config.headers,
    },
    ...(config.query && { defaultQuery: { ...config.query } }),
    fetchOptions: { redirect: 'manual' },
    fetch: fetchWithWholeErrors,
  });
}

/**
 * Of a response that is no 2xx the SDK keeps only the field `error`, where OpenAI's explanation is; Mistral, vLLM, Google
 * and FastAPI put theirs elsewhere. So the whole body goes into that field.
 */
async function fetchWithWholeErrors(url: string | URL | Request, init?: RequestInit): Promise<Response> {
  const response = await fetch(url, init);
  if (response.ok) return response;
  const text = await textOr(response, '');
  const location = response.headers.get('location');
  const error = location === null ? parsedOrText(text) : `it redirects to ${location}: name that as base_url`;
  const body = response.status === 304 ? null : JSON.stringify({ error });
  const { status, headers } = response;
  return new Response(body, { status, headers });
}

/** The status says more than how its explanation was lost, so a body that breaks off does not hide it. */
async function textOr(response: Response, instead: string): Promise<string> {
  try {
    return await response.text();
  } catch {
    return instead;
  }
}

function parsedOrText(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return isFields(value) || Array.isArray(value) ? value : text;
  } catch {
    // A proxy's page of HTML, or nothing.
    return text;
  }
}
