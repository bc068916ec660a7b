/** What is known about a vendor's OpenAI-compatible endpoint. A connection's settings fill in the rest. */
export interface ProviderFacts {
  /** As people call it. */
  readonly title: string;
  /** Null where every installation has its own and the settings must say it. */
  readonly baseUrl: string | null;
  /** An example for the settings where `baseUrl` is null. */
  readonly baseUrlExample: string | null;
  /** The environment variable that the vendor's own documentation names; null where it names none. */
  readonly keyEnv: string | null;
  readonly keyRequired: boolean;
  /** `bearer` is `Authorization: Bearer <key>`, `api-key` the header of that name. */
  readonly auth: 'bearer' | 'api-key';
  /** The vendor's id in `@pydantic/genai-prices`; null where a model's price depends on the installation. */
  readonly priceProvider: string | null;
  /**
   * Whether a stream's usage has to be asked for with `stream_options.include_usage`. Mistral sends it unasked and has
   * answered the parameter with a 422.
   */
  readonly asksStreamUsage: boolean;
  /** Whether it can be asked afterwards what a response cost, as OpenRouter can: `GET /generation?id=<response id>`. */
  readonly tellsCost: boolean;
}

const HOSTED = {
  baseUrlExample: null,
  keyRequired: true,
  auth: 'bearer',
  asksStreamUsage: true,
  tellsCost: false,
} as const;

const OWN_SERVER = {
  baseUrl: null,
  keyRequired: false,
  auth: 'bearer',
  priceProvider: null,
  asksStreamUsage: true,
  tellsCost: false,
} as const;

/** Every kind of provider that settings may name. */
export const CATALOGUE = {
  openai: {
    ...HOSTED,
    title: 'OpenAI',
    baseUrl: 'https://api.openai.com/v1',
    keyEnv: 'OPENAI_API_KEY',
    priceProvider: 'openai',
  },
  anthropic: {
    ...HOSTED,
    title: 'Anthropic',
    baseUrl: 'https://api.anthropic.com/v1',
    keyEnv: 'ANTHROPIC_API_KEY',
    priceProvider: 'anthropic',
  },
  google: {
    ...HOSTED,
    title: 'Google Gemini',
    baseUrl: 'https://generativelanguage.googleapis.com/v1beta/openai',
    keyEnv: 'GEMINI_API_KEY',
    priceProvider: 'google',
  },
  deepseek: {
    ...HOSTED,
    title: 'DeepSeek',
    baseUrl: 'https://api.deepseek.com',
    keyEnv: 'DEEPSEEK_API_KEY',
    priceProvider: 'deepseek',
  },
  mistral: {
    ...HOSTED,
    title: 'Mistral',
    baseUrl: 'https://api.mistral.ai/v1',
    keyEnv: 'MISTRAL_API_KEY',
    priceProvider: 'mistral',
    asksStreamUsage: false,
  },
  openrouter: {
    ...HOSTED,
    title: 'OpenRouter',
    baseUrl: 'https://openrouter.ai/api/v1',
    keyEnv: 'OPENROUTER_API_KEY',
    priceProvider: 'openrouter',
    tellsCost: true,
  },
  groq: {
    ...HOSTED,
    title: 'Groq',
    baseUrl: 'https://api.groq.com/openai/v1',
    keyEnv: 'GROQ_API_KEY',
    priceProvider: 'groq',
  },
  together: {
    ...HOSTED,
    title: 'Together',
    baseUrl: 'https://api.together.ai/v1',
    keyEnv: 'TOGETHER_API_KEY',
    priceProvider: 'together',
  },
  xai: {
    ...HOSTED,
    title: 'xAI',
    baseUrl: 'https://api.x.ai/v1',
    keyEnv: 'XAI_API_KEY',
    priceProvider: 'x-ai',
  },
  azure: {
    ...HOSTED,
    title: 'Azure OpenAI',
    baseUrl: null,
    // The v1 API needs no api-version; a URL with a deployment in it takes one in `query`.
    baseUrlExample: 'https://<resource>.openai.azure.com/openai/v1',
    keyEnv: 'AZURE_OPENAI_API_KEY',
    auth: 'api-key',
    priceProvider: 'azure',
  },
  litellm: {
    ...OWN_SERVER,
    title: 'LiteLLM',
    baseUrlExample: 'http://localhost:4000/v1',
    keyEnv: 'LITELLM_API_KEY',
  },
  vllm: {
    ...OWN_SERVER,
    title: 'vLLM',
    baseUrlExample: 'http://localhost:8000/v1',
    keyEnv: 'VLLM_API_KEY',
  },
  ollama: {
    ...OWN_SERVER,
    title: 'Ollama',
    baseUrlExample: 'http://localhost:11434/v1',
    keyEnv: null,
  },
  'openai-compatible': {
    ...OWN_SERVER,
    title: 'OpenAI-compatible server',
    baseUrlExample: 'http://localhost:8000/v1',
    keyEnv: null,
  },
} as const satisfies Record<string, ProviderFacts>;

export type ProviderKind = keyof typeof CATALOGUE;

export function isProviderKind(text: string): text is ProviderKind {
  return Object.hasOwn(CATALOGUE, text);
}
