import { createHash } from 'node:crypto';
import { sendFile, sha256 } from './ollama-registry.ts';
import { type StandIn, startStandIn } from './stand-in.ts';

export const COMMIT = 'a'.repeat(40);

export interface StandInHub extends StandIn {
  /** By `owner/repository`, then by path. Weights are kept as large files, the rest as Git does. */
  readonly repositories: Map<string, Map<string, Buffer>>;
  /** Replaces the list of files of every repository. */
  tree: unknown;
  /** Asked for with every request, where it is set. */
  token: string | undefined;
}

const isLarge = (path: string) => /\.(gguf|safetensors|bin|onnx)$/.test(path);
const gitIdOf = (bytes: Buffer) => createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');

function toEntry(path: string, bytes: Buffer) {
  const oid = gitIdOf(bytes);
  const lfs = isLarge(path) ? { lfs: { oid: sha256(bytes).slice('sha256:'.length), size: bytes.length, pointerSize: 134 } } : {};
  return { type: 'file', oid, size: bytes.length, path, ...lfs };
}

/** A small stand-in for Hugging Face, for tests: the routes of its download door, over repositories in memory, two files a page. */
export async function startHuggingFace(): Promise<StandInHub> {
  const repositories = new Map<string, Map<string, Buffer>>();
  const hub = await startStandIn((request, response, url) => {
    if (state.token !== undefined && request.headers.authorization !== `Bearer ${state.token}`)
      return void response.writeHead(401, { 'x-error-code': 'GatedRepo', 'www-authenticate': 'Bearer' }).end();
    const api = /^\/api\/models\/([^/]+\/[^/]+)\/(revision|tree)\/([^/]+)$/.exec(url.pathname);
    const file = /^\/([^/]+\/[^/]+)\/resolve\/([^/]+)\/(.+)$/.exec(url.pathname);
    const files = repositories.get(api?.[1] ?? file?.[1] ?? '');
    if (files === undefined) return void response.writeHead(404, { 'x-error-code': 'RepoNotFound' }).end();
    if (api?.[2] === 'revision') return void response.end(JSON.stringify({ id: api[1], sha: COMMIT, private: false }));
    if (api !== null) {
      const all = [...files].map(([path, bytes]) => toEntry(path, bytes));
      const start = Number(url.searchParams.get('cursor') ?? 0);
      if (state.tree === undefined && start + 2 < all.length)
        response.setHeader('link', `<http://${request.headers.host}${url.pathname}?cursor=${start + 2}>; rel="next"`);
      return void response.end(JSON.stringify(state.tree ?? all.slice(start, start + 2)));
    }
    const bytes = files.get(decodeURIComponent(file?.[3] ?? ''));
    if (bytes === undefined) return void response.writeHead(404, { 'x-error-code': 'EntryNotFound', 'x-repo-commit': COMMIT }).end();
    sendFile(request, response, bytes, { etag: `"${sha256(bytes).slice('sha256:'.length)}"`, 'x-repo-commit': COMMIT });
  });
  const state: StandInHub = Object.assign(hub, { repositories, tree: undefined, token: undefined });
  return state;
}
