import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, resolve } from 'node:path';
import { CliError, EXIT } from '../exit.ts';

/** Embeds texts on this machine. */
export interface LocalEmbedder {
  /** As the caller named it: a folder, or an id of the Hugging Face hub. */
  readonly model: string;
  /**
   * A vector of length 1 for each text, and how many tokens the model read in all. Of a longer text than the model takes the
   * beginning is read.
   */
  embed(texts: readonly string[]): Promise<Embedded>;
  close(): Promise<void>;
}

export interface Embedded {
  readonly vectors: readonly (readonly number[])[];
  readonly tokens: number;
}

/** How a text's vector is made of its tokens' vectors: as the model was trained. */
export const POOLINGS = ['mean', 'cls', 'last_token'] as const;
export type Pooling = (typeof POOLINGS)[number];

export interface LocalEmbedderOptions {
  /** A folder with `config.json`, `tokenizer.json` and `onnx/model.onnx`, or an id of the hub, which is then fetched and cached. */
  readonly model: string;
  /** Default `mean`. */
  readonly pooling?: Pooling;
  /** Of the weights' file, as the package names it. Default `fp32`. */
  readonly dtype?: string;
}

const PACKAGE = '@huggingface/transformers';

/** What is used of the package. It is an optional peer, so its own types may not be there. */
export interface Transformers {
  readonly env: { allowRemoteModels: boolean; localModelPath: string };
  pipeline(task: 'feature-extraction', model: string, options: { dtype: string }): Promise<Extractor>;
}

interface Extractor {
  (
    texts: readonly string[],
    options: { pooling: Pooling; normalize: boolean },
  ): Promise<{ tolist(): number[][] }>;
  tokenizer(
    texts: readonly string[],
    options: { padding: boolean; truncation: boolean },
  ): { readonly attention_mask: { tolist(): (bigint | number)[][] } };
  dispose(): Promise<unknown>;
}

/**
 * Loads an embedding model in the ONNX format.
 * @param load the package; another one in tests.
 * @throws {CliError} where the package is not installed, or the model cannot be loaded.
 */
export async function loadLocalEmbedder(
  { model, pooling = 'mean', dtype = 'fp32' }: LocalEmbedderOptions,
  load: () => Promise<Transformers> = loadTransformers,
): Promise<LocalEmbedder> {
  const transformers = await load();
  const { env } = transformers;
  const folder = resolve(model);
  const isFolder = existsSync(folder);
  if (isFolder) {
    env.localModelPath = dirname(folder);
    env.allowRemoteModels = false;
  }
  const name = isFolder ? basename(folder) : model;
  const extractor = await transformers
    .pipeline('feature-extraction', name, { dtype })
    .catch((cause: unknown) => {
      const where = isFolder ? 'the folder' : 'no folder of this machine, so the model of the hub';
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new CliError(`"${model}" (${where}) cannot be loaded: ${why}`, EXIT.usage, cause);
    });
  // One run at a time has all the cores already.
  let before: Promise<unknown> = Promise.resolve();
  const embed = async (texts: readonly string[]): Promise<Embedded> => {
    const output = await extractor(texts, { pooling, normalize: true });
    const read = extractor.tokenizer(texts, { padding: true, truncation: true });
    const tokens = read.attention_mask.tolist().flat().filter(Number).length;
    return { vectors: output.tolist(), tokens };
  };
  return {
    model,
    embed(texts) {
      const own = before.then(() => embed(texts));
      before = own.catch(() => undefined);
      return own;
    },
    async close() {
      await before;
      await extractor.dispose();
    },
  };
}

async function loadTransformers(): Promise<Transformers> {
  try {
    createRequire(import.meta.url).resolve(PACKAGE);
  } catch (cause) {
    throw new CliError(
      `a model on this machine runs in ${PACKAGE}, which is not installed: run "npm install ${PACKAGE}" beside escalier`,
      EXIT.usage,
      cause,
    );
  }
  return (await import(PACKAGE)) as Transformers;
}
