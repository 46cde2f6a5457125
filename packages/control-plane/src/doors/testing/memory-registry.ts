import { ClusterError, type ModelFacts, type ModelVersion, parseModelReference } from '@cluster-ai/contracts';
import type { ModelRecord, Registry, ResolvedModel } from '../../registry/registry.ts';

const facts: ModelFacts = {
  format: 'gguf',
  architecture: 'llama',
  family: 'llama',
  parameterCount: 5_500_000,
  parameterSize: '5.5M',
  quantization: 'Q8_0',
  contextLength: 2048,
  embeddingLength: 256,
  blockCount: 6,
  headCount: 8,
  headCountKv: 4,
  vocabularySize: 4096,
  chatTemplate: '{{ messages }}',
  licence: 'MIT',
  description: null,
  capabilities: ['completion', 'chat', 'tools', 'embedding'],
};

function toVersion(version: number, changes: Partial<ModelFacts>): ModelVersion {
  const digest = `sha256:${String(version).repeat(64)}`;
  return {
    version,
    semver: null,
    manifestDigest: digest,
    createdAt: `2026-01-0${version}T00:00:00.000Z`,
    sizeBytes: 7_000_000 + version,
    files: [{ path: 'model.gguf', digest, sizeBytes: 7_000_000 + version, mediaType: 'application/octet-stream' }],
    facts: { ...facts, ...changes },
    source: 'test',
  };
}

/** `starter` (versions 1 and 2, `stable` points to 1), `lab/plain`, which has no template, and `lab/vectors`, which only embeds. */
export function createMemoryRegistry(): Registry {
  const versions = new Map<string, readonly ModelVersion[]>([
    ['starter', [toVersion(2, {}), toVersion(1, {})]],
    ['lab/plain', [toVersion(3, { chatTemplate: null, licence: null, capabilities: ['completion'] })]],
    ['lab/vectors', [toVersion(4, { chatTemplate: null, capabilities: ['embedding'] })]],
  ]);
  const aliases: Readonly<Record<string, Readonly<Record<string, number>>>> = {
    starter: { latest: 2, stable: 1 },
    'lab/plain': { latest: 3 },
    'lab/vectors': { latest: 4 },
  };
  const versionsOf = (name: string) => versions.get(name) ?? [];

  function find(text: string): ResolvedModel | undefined {
    const { name, alias } = parseModelReference(text);
    const version = versionsOf(name).find((candidate) => candidate.version === aliases[name]?.[alias]);
    const file = version?.files[0];
    if (version === undefined || file === undefined) return undefined;
    return { reference: alias === 'latest' ? name : `${name}:${alias}`, name, version, file, path: '/models/model.gguf' };
  }

  const toRecord = (name: string): ModelRecord[] => {
    const [latest] = versionsOf(name);
    if (latest === undefined) return [];
    return [
      {
        name,
        description: '',
        aliases: Object.entries(aliases[name] ?? {}).map(([alias, version]) => ({ alias, version })),
        latest,
        versionCount: versionsOf(name).length,
        createdAt: '2026-01-01T00:00:00.000Z',
        updatedAt: '2026-01-05T00:00:00.000Z',
        notice: '',
        notices: [],
      },
    ];
  };

  const readOnly = () => Promise.reject(new ClusterError('unsupported_feature', 'This registry is only read.'));
  return {
    find: async (text) => find(text),
    async resolve(text) {
      const found = find(text);
      if (found === undefined)
        throw new ClusterError('model_not_found', `There is no model "${text}".`, { hint: 'There are: starter, lab/plain.' });
      return found;
    },
    list: async () => [...versions.keys()].flatMap(toRecord),
    record: async (name) => toRecord(name)[0],
    count: async () => versions.size,
    versions: async (name) => versionsOf(name),
    namesOf: async () => new Map(),
    add: readOnly,
    publish: readOnly,
    remove: readOnly,
    lookAgain: async () => {},
    locateBlob: async () => undefined,
  };
}
