/** The cascade as a DBOS workflow: two steps a stage, each checkpointed in Postgres. */
import { DBOS } from '@dbos-inc/dbos-sdk';
import OpenAI from 'openai';

/**
 * @param {{ databaseUrl: string, chain: readonly string[], messages: object[], baseUrlOf: (profile: string) => string,
 *   isGood: (text: string) => boolean }} options
 * @returns {Promise<{ ask: (profile: string) => Promise<null>, stop: () => Promise<void> }>}
 */
export async function startDbos({ databaseUrl, chain, messages, baseUrlOf, isGood }) {
  const clients = new Map();
  const clientOf = (profile) => {
    const known = clients.get(profile);
    if (known !== undefined) return known;
    const client = new OpenAI({ baseURL: baseUrlOf(profile), apiKey: 'none', maxRetries: 0 });
    clients.set(profile, client);
    return client;
  };

  async function callModel(profile, model) {
    const completion = await clientOf(profile).chat.completions.create({
      model,
      messages,
      max_completion_tokens: 100,
    });
    return completion.choices[0]?.message.content ?? '';
  }

  const cascade = DBOS.registerWorkflow(
    async (profile) => {
      for (const model of chain) {
        const text = await DBOS.runStep(() => callModel(profile, model), { name: 'callModel' });
        const score = await DBOS.runStep(async () => (isGood(text) ? 1 : 0), { name: 'score' });
        if (score >= 0.5) return text;
      }
      throw new Error('no response was good');
    },
    { name: 'cascade' },
  );

  DBOS.setConfig({ name: 'escalier-bench', systemDatabaseUrl: databaseUrl, logLevel: 'error' });
  await DBOS.launch();
  return {
    async ask(profile) {
      await cascade(profile);
      return null;
    },
    stop: () => DBOS.shutdown(),
  };
}
