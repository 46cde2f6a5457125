import { readFile } from 'node:fs/promises';
import { ClusterError, type Config, configShape } from '@cluster-ai/contracts';
import { errnoOf } from '@cluster-ai/runtime';
import { parseDocument } from 'yaml';

export interface ReadConfig {
  readonly path: string;
  /** False: there is no file, and everything is as it comes. */
  readonly exists: boolean;
  readonly config: Config;
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw new ClusterError('config_invalid', `${path} cannot be read (${errnoOf(error)}).`, {
      hint: 'Give this user the right to read it.',
      cause: error,
    });
  }
}

/** Reads `cluster.yaml`, with every default filled in. Throws `config_invalid` with the place. */
export async function readConfig(path: string): Promise<ReadConfig> {
  const text = await readText(path);
  const document = parseDocument(text ?? '');
  const [problem] = document.errors;
  if (problem)
    throw new ClusterError('config_invalid', `${path}: ${problem.message.split('\n')[0]}`, { hint: 'Mend the line that is named.' });
  const parsed = configShape.safeParse(document.toJS() ?? {});
  if (parsed.success) return { path, exists: text !== undefined, config: parsed.data };
  const [issue] = parsed.error.issues;
  throw new ClusterError('config_invalid', `${path}: ${issue?.path.join('.') || 'the file'}: ${issue?.message}`, {
    hint: 'All keys are in docs/reference/config.md.',
  });
}
