import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  ClusterError,
  type Config,
  type ImportPreview,
  type ImportRequest,
  type ImportSource,
  type Inspection,
  isModelName,
  type ModelFacts,
  type PushRequest,
  parseModelReference,
  phrase,
} from '@cluster-ai/contracts';
import type { Clock, Logger } from '@cluster-ai/runtime';
import type { Actor } from '../../access/audit/act.ts';
import type { Acts } from '../../access/audit/acts.ts';
import type { EventBus } from '../../observability/event-bus.ts';
import type { OutgoingClient } from '../../outgoing/outgoing-client.ts';
import type { BlobStore } from '../../stores/blob-store.ts';
import type { Database } from '../../stores/database.ts';
import type { FindBlob } from '../blob-reader.ts';
import type { Registry } from '../registry.ts';
import { createCredentials } from './credentials.ts';
import { freeBytesOf } from './fetch/free-space.ts';
import { createOneAtATime } from './one-at-a-time.ts';
import { createOperations, type Operations } from './operations/operations.ts';
import type { Result, Work } from './operations/running-operation.ts';
import type { ImportPlan, Source } from './plan.ts';
import { createPusher } from './push/run-push.ts';
import { readSource } from './read-reference.ts';
import { createImporter, nameImport, toCatalogActor, totalOf } from './run-import.ts';
import { fitNodes, type NodeMemory } from './sources/fit-nodes.ts';
import { createFolderSource } from './sources/folder.ts';
import { createHuggingFaceSource } from './sources/huggingface.ts';
import { createOciSource } from './sources/oci.ts';
import { createOllamaSource } from './sources/ollama.ts';
import { parseOllamaName, toLocalName } from './sources/ollama-name.ts';
import { createUrlSource } from './sources/url.ts';

const GIB = 1024 ** 3;
/** Parts of imports that nobody went on with are thrown away after this. */
const KEPT_MS = 7 * 24 * 3600 * 1000;

export interface ImportsDependencies {
  readonly database: Database;
  readonly registry: Registry;
  readonly blobs: BlobStore;
  /** Where parts lie until they are whole; on the disk of the blobs, so that nothing is copied. */
  readonly folder: string;
  readonly outgoing: OutgoingClient;
  readonly config: Pick<Config, 'imports' | 'outgoing'>;
  readonly readSecret: (name: string) => Promise<string>;
  readonly nodes: () => readonly NodeMemory[];
  readonly inspect: (path: string) => Promise<ModelFacts>;
  /** Looks for what is harmful in a file of weights; left out where nobody does. */
  readonly look?: (path: string, signal: AbortSignal) => Promise<Inspection>;
  readonly findBlob: FindBlob;
  readonly acts: Acts;
  readonly events: Pick<EventBus, 'publish'>;
  readonly clock: Clock;
  readonly log: Logger;
  /** This control plane among others on the same database; the same after a restart. */
  readonly holder: string;
}

type Started = Awaited<ReturnType<Operations['start']>>;

/** Models from elsewhere, and to elsewhere, as operations. */
export interface Imports extends Operations {
  /** Begins an import, or joins the one of the same thing. Throws what the reference is wrong with; the rest is told by the operation. */
  import(request: ImportRequest, actor: Actor): Promise<Started>;
  push(request: PushRequest, actor: Actor): Promise<Started>;
  /** Asks the source what it has, and takes nothing. */
  preview(request: ImportRequest, signal: AbortSignal): Promise<ImportPreview>;
}

async function sweep(folder: string, now: number): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const stats = await stat(path).catch(() => undefined);
    if (stats?.isFile() === true && now - stats.mtimeMs > KEPT_MS) await rm(path, { force: true });
  }
}

export async function openImports(dependencies: ImportsDependencies): Promise<Imports> {
  const { registry, blobs, folder, outgoing, config, readSecret, nodes, inspect, look, findBlob, acts, clock } = dependencies;
  const { ollamaRegistry, huggingFace, atOnce, connections, maxGiB } = config.imports;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await sweep(folder, clock.now());

  const plain = new Set(config.outgoing.plainHosts.map((host) => host.toLowerCase()));
  /** Without TLS only where the owner of the cluster says so; a request cannot. */
  const originOf = (host: string) => {
    const lower = host.toLowerCase();
    return `${plain.has(lower) || plain.has(lower.replace(/:\d+$/, '')) ? 'http' : 'https'}://${lower}`;
  };
  const credentialFor = createCredentials({ secrets: config.imports.secrets, readSecret });
  const shared = { client: outgoing, credentialFor, originOf, maxGiB };
  const sources: Readonly<Record<ImportSource, Source>> = {
    ollama: createOllamaSource(shared, ollamaRegistry),
    huggingface: createHuggingFaceSource({ ...shared, endpoint: huggingFace, nodes }),
    oci: createOciSource(shared),
    url: createUrlSource({ credentialFor }),
    folder: createFolderSource({ nodes }),
  };

  const plan = (request: ImportRequest, signal: AbortSignal): Promise<ImportPlan> => sources[readSource(request)].resolve(request, signal);
  const fetching = { client: outgoing, clock, connections, folder, maxBytes: maxGiB * GIB };
  const runImport = createImporter({ registry, findBlob, blobs, fetching, acts, inspect, look, plan, oneAtATime: createOneAtATime() });

  /** A file of this machine that stays where it is: nothing is fetched, but it is read as a whole once. */
  async function runInPlace(work: Work, request: ImportRequest): Promise<Result> {
    const { name, alias } = parseModelReference(request.name ?? '');
    work.enter('verifying');
    const act = { actor: work.actor, address: '', action: 'models.import', requestId: work.id, target: name };
    const version = await acts.run(act, () =>
      registry.add(
        { name, alias, path: request.reference, inPlace: true, description: request.description, actor: toCatalogActor(work.actor) },
        work.signal,
      ),
    );
    return { name, version: version.version, manifestDigest: version.manifestDigest };
  }

  const operations = createOperations({
    ...dependencies,
    atOnce,
    runners: {
      import: async (work) => {
        const request = work.wish as ImportRequest;
        return request.inPlace ? runInPlace(work, request) : runImport(work);
      },
      push: createPusher({ registry, findBlob, client: outgoing, clock, credentialFor, originOf, defaultRegistry: ollamaRegistry }),
    },
  });

  /** What it will be called, as far as that can be told before the source was asked. */
  function guessName({ name, reference }: ImportRequest, source: ImportSource): string {
    if (name !== undefined && name !== '') {
      const chosen = parseModelReference(name);
      if (!isModelName(chosen.name))
        throw new ClusterError('invalid_model_reference', phrase('name_cannot_be_used', { name }), { param: 'name' });
      return name;
    }
    if (source !== 'ollama') return '';
    const asked = parseOllamaName(reference);
    return `${toLocalName(asked)}:${asked.tag}`;
  }

  return {
    ...operations,
    async import(request, actor) {
      const source = readSource(request);
      const model = guessName(request, source);
      if (request.inPlace && (source !== 'folder' || model === ''))
        throw new ClusterError('invalid_request', phrase('in_place_needs_a_file'), { param: source === 'folder' ? 'name' : 'inPlace' });
      const { name = '', file = '', inPlace, digest = '' } = request;
      const subject = JSON.stringify(['import', source, request.reference, name, file, inPlace, digest]);
      return operations.start({ kind: 'import', subject, reference: request.reference, model, wish: request, actor });
    },
    async push(request, actor) {
      await registry.resolve(request.model);
      parseOllamaName(request.reference);
      const subject = JSON.stringify(['push', request.model, request.reference]);
      return operations.start({ kind: 'push', subject, reference: request.reference, model: request.model, wish: request, actor });
    },
    async preview(request, signal) {
      const planned = await plan(request, signal);
      const { name, alias } = nameImport(request, planned);
      return {
        model: `${name}:${alias}`,
        sizeBytes: totalOf(planned.files),
        freeBytes: await freeBytesOf(folder),
        files: await Promise.all(
          planned.files.map(async ({ path, sizeBytes, digest }) => ({
            path,
            sizeBytes,
            isHere: digest !== null && (await registry.locateBlob(digest)) !== undefined,
          })),
        ),
        choices: (planned.choices ?? []).map(({ file, sizeBytes, isChosen }) => ({
          file,
          sizeBytes,
          isChosen,
          fits: [...fitNodes(sizeBytes, nodes())],
        })),
      };
    },
  };
}
