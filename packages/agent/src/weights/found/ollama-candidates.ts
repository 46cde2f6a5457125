import { readdir, readFile, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { isDigest } from '@cluster-ai/contracts';
import { type Candidate, toModelName } from './candidate.ts';

const MAX_MANIFEST_BYTES = 256 * 1024;
const weightsLayer = 'application/vnd.ollama.image.model';

/** Four levels of names: host, namespace, model, tag. */
async function* listManifests(folder: string, depth = 4): AsyncGenerator<string> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  for (const entry of entries.sort((a, b) => a.name.localeCompare(b.name))) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && depth > 1) yield* listManifests(path, depth - 1);
    if (entry.isFile() && depth === 1) yield path;
  }
}

/** The digest of the weights that a manifest names, if it is one of Ollama's. */
function findWeightsDigest(manifest: unknown): string | undefined {
  if (typeof manifest !== 'object' || manifest === null || !('layers' in manifest) || !Array.isArray(manifest.layers)) return undefined;
  const layer = manifest.layers.find((candidate) => candidate?.mediaType === weightsLayer);
  const digest = String(layer?.digest);
  return isDigest(digest) ? digest : undefined;
}

async function readManifest(path: string): Promise<unknown> {
  try {
    if ((await stat(path)).size > MAX_MANIFEST_BYTES) return undefined;
    return JSON.parse(await readFile(path, 'utf8'));
  } catch {
    return undefined; // half-written or not ours to read: not a model that we could use
  }
}

/** `registry.ollama.ai/library/llama3.2/1b` → `llama3.2-1b`; the tag `latest` and the usual namespace say nothing. */
export function toOllamaName(parts: readonly string[]): string {
  const [namespace = '', model = '', tag = ''] = parts.slice(-3);
  const words = [...(namespace === 'library' ? [] : [namespace]), model, ...(tag === 'latest' ? [] : [tag])];
  return toModelName(words.join('-'));
}

/** The models of an Ollama on this machine: its manifests say which blob holds whose weights. */
export async function* listOllamaCandidates(root: string): AsyncGenerator<Candidate> {
  for await (const manifest of listManifests(join(root, 'manifests'))) {
    const digest = findWeightsDigest(await readManifest(manifest));
    if (digest === undefined) continue;
    const path = join(root, 'blobs', digest.replace(':', '-'));
    yield { path, source: 'ollama', suggestedName: toOllamaName(manifest.split(sep)) };
  }
}
