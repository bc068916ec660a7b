import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { canonicalJson } from '../../core/canonical-json.ts';
import { sha256 } from '../../core/request-hash.ts';
import { parseLearnedPolicy } from '../../settings/learned-policy.ts';
import { messageOf } from '../context.ts';
import { CliError, EXIT } from '../exit.ts';
import type { LearnedBundle } from './promote-learned.ts';

/**
 * Reads `policy.json` and `scorer.json` of a folder.
 * @throws {CliError} when a file is missing, is no JSON, or they are not of one run.
 * @throws {SettingsError} when the policy is not one.
 */
export async function readLearnedFolder(folder: string): Promise<LearnedBundle> {
  const policyFile = join(folder, 'policy.json');
  const scorerFile = join(folder, 'scorer.json');
  const learned = parseLearnedPolicy(await readJson(policyFile), policyFile);
  const artifact = await readJson(scorerFile);
  const hash = sha256(canonicalJson(artifact));
  if (hash !== learned.scorerSha256) {
    throw new CliError(
      `${scorerFile} is not the scorer that ${policyFile} was learned with (its SHA-256 is ${hash}, expected ${learned.scorerSha256}): take both files from one run of "escalier learn", unedited`,
      EXIT.usage,
    );
  }
  return { name: policyFile, learned, artifact };
}

async function readJson(file: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new CliError(
      `${file}: cannot be read (${messageOf(error)}): name the folder that "escalier learn" wrote`,
      EXIT.usage,
      error,
    );
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new CliError(`${file}: is not JSON (${messageOf(error)})`, EXIT.usage, error);
  }
}
