import OpenAI from 'openai';
import { baseUrlOf, PROMPT, PROFILES, type Profile } from './profiles.ts';

/** Model calls as everybody makes them: the vendor's client, one for each address, which keeps its connections. */
export interface Models {
  /** @returns the response's text. */
  call(profile: Profile, model: string): Promise<string>;
}

/** @param clientOf makes the client for a base URL; a gateway has an address and headers of its own. */
export function createModels(
  upstreamUrl: string,
  clientOf: (baseURL: string) => OpenAI = directClient,
  nameOf: (profile: Profile, model: string) => string = (_profile, model) => model,
): Models {
  const clients = new Map(
    (Object.keys(PROFILES) as Profile[]).map((profile) => [
      profile,
      clientOf(baseUrlOf(upstreamUrl, profile)),
    ]),
  );
  return {
    async call(profile, model) {
      const client = clients.get(profile);
      if (client === undefined) throw new RangeError(`no profile ${profile}`);
      const completion = await client.chat.completions.create({
        model: nameOf(profile, model),
        messages: PROMPT,
        max_completion_tokens: 100,
      });
      return completion.choices[0]?.message.content ?? '';
    },
  };
}

function directClient(baseURL: string): OpenAI {
  return new OpenAI({ baseURL, apiKey: 'none', maxRetries: 0 });
}
