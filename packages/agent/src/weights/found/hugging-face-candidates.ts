import { readdir, realpath } from 'node:fs/promises';
import { basename, join, sep } from 'node:path';
import { type Candidate, toModelName } from './candidate.ts';

/** Repositories put their files into a few folders at most. */
const MAX_DEPTH = 3;

async function listFolder(folder: string) {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries.sort((a, b) => a.name.localeCompare(b.name));
}

async function* listGgufFiles(folder: string, depth = MAX_DEPTH): AsyncGenerator<string> {
  for (const entry of await listFolder(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && depth > 1) yield* listGgufFiles(path, depth - 1);
    if ((entry.isFile() || entry.isSymbolicLink()) && entry.name.toLowerCase().endsWith('.gguf')) yield path;
  }
}

/** The cache links from names to blobs; a link that leads out of the cache is not the cache's own. */
async function staysInside(root: string, path: string): Promise<boolean> {
  const real = await realpath(path).catch(() => undefined);
  return real?.startsWith(root + sep) ?? false;
}

/** The GGUF files in a Hugging Face cache: `models--ORG--NAME/snapshots/REVISION/FILE.gguf`. */
export async function* listHuggingFaceCandidates(folder: string): AsyncGenerator<Candidate> {
  const root = await realpath(folder).catch(() => undefined);
  if (root === undefined) return;
  for (const repository of await listFolder(root)) {
    if (!repository.isDirectory() || !repository.name.startsWith('models--')) continue;
    for await (const path of listGgufFiles(join(root, repository.name, 'snapshots'), MAX_DEPTH + 1)) {
      const suggestedName = toModelName(basename(path).slice(0, -'.gguf'.length));
      if (await staysInside(root, path)) yield { path, source: 'huggingface', suggestedName };
    }
  }
}
