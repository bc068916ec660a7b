/** Two calls through a gateway, as a user would chain them: the second when the first response is no good. */
import OpenAI from 'openai';
import { serveJobs, readOrders, type Orders } from '../run/child-side.ts';
import { createModels } from '../run/models.ts';
import { GATEWAY_KEY } from '../run/peers.ts';
import { isGood, MODELS } from '../run/profiles.ts';

interface GatewayOrders extends Orders {
  readonly gateway: 'litellm' | 'portkey';
  readonly gatewayUrl: string;
}

const { upstreamUrl, gateway, gatewayUrl } = readOrders() as GatewayOrders;

/** LiteLLM finds the upstream by the model's name, Portkey by headers. */
const models =
  gateway === 'litellm'
    ? createModels(
        upstreamUrl,
        () => new OpenAI({ baseURL: gatewayUrl, apiKey: GATEWAY_KEY, maxRetries: 0 }),
        (profile, model) => `${model}-${profile}`,
      )
    : createModels(
        upstreamUrl,
        (customHost) =>
          new OpenAI({
            baseURL: gatewayUrl,
            apiKey: 'none',
            maxRetries: 0,
            defaultHeaders: { 'x-portkey-provider': 'openai', 'x-portkey-custom-host': customHost },
          }),
      );

serveJobs(async (profile) => {
  for (const model of MODELS) {
    const text = await models.call(profile, model);
    if (isGood(text)) return null;
  }
  throw new Error('no response was good');
});
