import { ClusterError, phrase } from '@cluster-ai/contracts';
import { z } from 'zod';
import type { OutgoingClient } from '../../../outgoing/outgoing-client.ts';
import type { ImportPlan, PlannedFile, Source } from '../plan.ts';
import { toSafePath } from '../safe-path.ts';
import { chooseFiles, mediaTypeOf, quantizationOf } from './choose-files.ts';
import type { NodeMemory } from './fit-nodes.ts';
import { checkTotal } from './manifest.ts';
import { readJson } from './read-json.ts';
import type { Credential } from './registry-session.ts';
import { refused, toStatusError } from './remote-errors.ts';
import { toModelName } from './to-model-name.ts';

interface HuggingFaceDependencies {
  readonly client: OutgoingClient;
  readonly credentialFor: (host: string) => Promise<Credential | undefined>;
  readonly endpoint: string;
  readonly nodes: () => readonly NodeMemory[];
  readonly maxGiB: number;
}

const MOST_PAGES = 20;
/** Files without a SHA-256 of their own are small ones; they are read whole to check them. */
const MOST_GIT_BYTES = 16 * 1024 * 1024;

const part = '[A-Za-z0-9_][A-Za-z0-9_.-]{0,95}';
const referencePattern = new RegExp(
  `^(?:hf:|(?:https://)?(?:hf\\.co|huggingface\\.co)/)?(${part}/${part})(?:@([A-Za-z0-9_][A-Za-z0-9_.-]{0,100}))?(?::([A-Za-z0-9_][A-Za-z0-9_.-]{0,200}))?/?$`,
);

const revisionShape = z.object({ sha: z.string().regex(/^[0-9a-f]{40}$/, 'no commit') });
const entryShape = z.object({
  type: z.string().max(20),
  oid: z
    .string()
    .regex(/^[0-9a-f]{40}$/, 'no Git id')
    .optional(),
  size: z.int().min(0),
  path: z.string().max(1024),
  lfs: z.object({ oid: z.string().regex(/^[0-9a-f]{64}$/, 'no SHA-256'), size: z.int().min(0) }).nullish(),
});
const treeShape = z.array(entryShape).max(5000);
type Entry = z.infer<typeof entryShape>;

interface RepositoryReference {
  readonly repository: string;
  readonly revision: string;
  readonly file: string | undefined;
}

function parseReference(text: string): RepositoryReference {
  const found = text.includes('..') ? null : referencePattern.exec(text);
  if (found === null)
    throw new ClusterError('invalid_request', phrase('not_a_repository', { reference: text.slice(0, 120) }), {
      hint: phrase('how_repositories_are'),
      param: 'reference',
    });
  const [, repository = '', revision = 'main', file] = found;
  return { repository, revision, file: file === 'latest' ? undefined : file };
}

/** A repository of Hugging Face, or of what speaks as it does: one GGUF file of it, or its safetensors. */
export function createHuggingFaceSource({ client, credentialFor, endpoint, nodes, maxGiB }: HuggingFaceDependencies): Source {
  const { origin, host } = new URL(endpoint);
  const root = endpoint.replace(/\/$/, '');

  async function headers(): Promise<Record<string, string>> {
    const credential = await credentialFor(host);
    return credential !== undefined && 'token' in credential ? { authorization: `Bearer ${credential.token}` } : {};
  }

  async function get(url: string, what: string, signal: AbortSignal) {
    const answer = await client.send({ url, headers: { accept: 'application/json', ...(await headers()) } }, signal);
    if (answer.status !== 200) throw toStatusError(answer.status, host, what);
    return answer;
  }

  /** The next page, if it is one of the same host. */
  function nextPage(link: string | undefined): string | undefined {
    const url = /<([^<>]{1,2048})>\s*;\s*rel="next"/.exec(link ?? '')?.[1];
    if (url === undefined) return undefined;
    if (!URL.canParse(url, origin) || new URL(url, origin).origin !== origin) throw refused(host, 'a list that goes on at another host');
    return new URL(url, origin).href;
  }

  async function listTree(repository: string, sha: string, signal: AbortSignal): Promise<readonly Entry[]> {
    const entries: Entry[] = [];
    let url: string | undefined = `${root}/api/models/${repository}/tree/${sha}?recursive=true&expand=false`;
    for (let page = 0; url !== undefined; page++) {
      if (page === MOST_PAGES) throw refused(host, `a repository of more than ${MOST_PAGES} pages`);
      const answer = await get(url, 'list of files', signal);
      entries.push(...readJson(answer.body, treeShape, host, 'list of files'));
      url = nextPage(answer.headers.get('link'));
    }
    return entries.filter(({ type }) => type === 'file');
  }

  function toFile(repository: string, sha: string, { path, lfs, oid, size }: Entry): PlannedFile {
    const safe = toSafePath(path);
    if (lfs === undefined || lfs === null) {
      if (oid === undefined || size > MOST_GIT_BYTES) throw refused(host, `"${safe}" without a digest`);
    }
    const address = `${root}/${repository}/resolve/${sha}/${safe.split('/').map(encodeURIComponent).join('/')}`;
    return {
      path: /\.gguf$/i.test(safe) ? 'model.gguf' : safe,
      mediaType: mediaTypeOf(safe),
      sizeBytes: lfs?.size ?? size,
      digest: lfs ? `sha256:${lfs.oid}` : null,
      ...(lfs || oid === undefined ? {} : { gitId: oid }),
      origin: { kind: 'remote', remote: { url: address, authorize: headers } },
    };
  }

  return {
    async resolve({ reference, file }, signal): Promise<ImportPlan> {
      const asked = parseReference(reference);
      const { repository } = asked;
      const answer = await get(`${root}/api/models/${repository}/revision/${encodeURIComponent(asked.revision)}`, repository, signal);
      const { sha } = readJson(answer.body, revisionShape, host, 'revision');
      const entries = await listTree(repository, sha, signal);
      const listed = entries.map((entry) => ({ ...entry, sizeBytes: entry.lfs?.size ?? entry.size }));
      const { files, choices } = chooseFiles(listed, { wanted: file ?? asked.file, nodes: nodes(), place: repository });
      checkTotal(
        files.map(({ sizeBytes }) => ({ size: sizeBytes })),
        maxGiB,
        host,
      );
      const [first] = files;
      const chosen = files.length === 1 && first !== undefined ? quantizationOf(first.path) : undefined;
      return {
        files: files.map((entry) => toFile(repository, sha, entry)),
        suggestedName: `hf.co/${repository.split('/').map(toModelName).join('/')}`,
        suggestedAlias: asked.file ?? chosen ?? 'latest',
        source: `${host}/${repository}@${sha.slice(0, 12)}`,
        choices,
      };
    },
  };
}
