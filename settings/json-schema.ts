import { z } from 'zod';
import { createScorerRegistry, type ScorerRegistry } from '../scorers/registry.ts';
import { scorerSchema, settingsSchemaOf } from './schema.ts';

/**
 * JSON Schema (draft 2020-12) of `escalier.yaml`, for editors. The options of the registry's scorers are part of it; a
 * scorer of any other name may have any options.
 */
export function settingsJsonSchema(scorers: ScorerRegistry = createScorerRegistry()): unknown {
  const names = scorers.names();
  const known = names.flatMap((name) => {
    const { options, summary } = scorers.get(name);
    return options instanceof z.ZodObject
      ? [options.safeExtend({ name: z.literal(name) }).describe(summary)]
      : [];
  });
  const [byName] = scorerSchema.options;
  const other = z.looseObject({
    name: z
      .string()
      .meta({ not: { enum: names } })
      .describe('A scorer of your own.'),
  });
  const shape = z
    .union([byName.meta({ examples: names }), ...known, other])
    .describe(scorerSchema.description ?? '');
  return z.toJSONSchema(settingsSchemaOf(shape), { unrepresentable: 'any', io: 'input' });
}
