/** The floor: the chain as a loop in the process, without durability and without a ledger. */
import { serveJobs, readOrders } from '../run/child-side.ts';
import { createModels } from '../run/models.ts';
import { isGood, MODELS } from '../run/profiles.ts';

const { upstreamUrl } = readOrders();
const models = createModels(upstreamUrl);

serveJobs(async (profile) => {
  for (const model of MODELS) {
    const text = await models.call(profile, model);
    if (isGood(text)) return null;
  }
  throw new Error('no response was good');
});
