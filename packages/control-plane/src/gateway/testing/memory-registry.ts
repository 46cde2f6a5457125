import { ClusterError, type ModelFacts, type ModelVersion, unknownFacts } from '@cluster-ai/contracts';
import type { ModelRecord, Registry, ResolvedModel } from '../../registry/registry.ts';

export interface MemoryModel {
  readonly name: string;
  readonly digest?: string;
  readonly sizeBytes?: number;
  readonly facts?: Partial<ModelFacts>;
  readonly mediaType?: string;
  readonly path?: string;
}

const emptyFacts: ModelFacts = { ...unknownFacts('other'), capabilities: ['chat'] };
const at = '2026-01-01T00:00:00.000Z';

function toResolved({
  name,
  digest = `sha256:${name}`,
  sizeBytes = 1000,
  facts = {},
  mediaType,
  path = 'model.fake.json',
}: MemoryModel): ResolvedModel {
  const file = { path, digest, sizeBytes, mediaType: mediaType ?? 'application/vnd.cluster-ai.fake+json' };
  const version: ModelVersion = {
    version: 1,
    semver: null,
    manifestDigest: digest,
    createdAt: at,
    sizeBytes,
    files: [file],
    facts: { ...emptyFacts, ...facts },
    source: 'test',
  };
  return { reference: name, name, version, file, path: `/blobs/${name}` };
}

function toRecord({ name, version }: ResolvedModel): ModelRecord {
  return { name, description: '', aliases: [], latest: version, versionCount: 1, createdAt: at, updatedAt: at, notice: '', notices: [] };
}

/** A registry of given models that nobody can change but through `put` and `remove`. For tests. */
export function createMemoryRegistry(models: readonly MemoryModel[]): Registry & { put(model: MemoryModel): void } {
  const byName = new Map(models.map((model) => [model.name, toResolved(model)]));
  const get = (name: string): ResolvedModel => {
    const found = byName.get(name);
    if (!found) throw new ClusterError('model_not_found', `There is no model "${name}".`);
    return found;
  };
  return {
    resolve: async (name) => get(name),
    find: async (name) => byName.get(name),
    list: async () => [...byName.values()].map(toRecord),
    record: async (name) => toRecord(get(name)),
    count: async () => byName.size,
    versions: async (name) => [get(name).version],
    namesOf: async () => new Map(),
    add: async () => {
      throw new ClusterError('unsupported_feature', 'This registry takes no files.');
    },
    publish: async () => {
      throw new ClusterError('unsupported_feature', 'This registry takes no files.');
    },
    remove: async (name) => void byName.delete(get(name).name),
    lookAgain: async () => {},
    locateBlob: async () => undefined,
    put: (model) => void byName.set(model.name, toResolved(model)),
  };
}
