import { settingsJsonSchema } from '../../settings/json-schema.ts';
import type { Context } from '../context.ts';

/** The JSON Schema of `escalier.yaml`, for editors. */
export function schemaCommand(context: Context): Promise<void> {
  context.out(JSON.stringify(settingsJsonSchema(), null, 2));
  return Promise.resolve();
}
