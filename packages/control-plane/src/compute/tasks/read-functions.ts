import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { ClusterError } from '@cluster-ai/contracts';

/** A Python file with functions for tasks, as workers take it. */
export interface FunctionFile {
  readonly name: string;
  readonly digest: string;
  readonly source: string;
}

const known = new Map<string, { readonly stamp: string; readonly file: FunctionFile }>();

async function readOne(path: string): Promise<FunctionFile> {
  const { mtimeMs, size } = await stat(path);
  const stamp = `${mtimeMs} ${size}`;
  const before = known.get(path);
  if (before?.stamp === stamp) return before.file;
  const source = await readFile(path, 'utf8');
  const file = { name: basename(path), digest: `sha256:${createHash('sha256').update(source).digest('hex')}`, source };
  known.set(path, { stamp, file });
  return file;
}

/** The files that the configuration names, as they are now. Throws `file_not_found` for one that cannot be read. */
export function readFunctions(paths: readonly string[]): Promise<readonly FunctionFile[]> {
  return Promise.all(
    paths.map((path) =>
      readOne(path).catch((error: unknown) => {
        throw new ClusterError('file_not_found', `The file of functions ${path} cannot be read.`, {
          hint: 'Check `compute.functions` in cluster.yaml.',
          cause: error,
        });
      }),
    ),
  );
}
