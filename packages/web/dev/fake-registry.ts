import {
  type CatalogDetails,
  type CatalogModel,
  type CatalogVersion,
  ClusterError,
  type Model,
  type Operation,
  phrase,
  toEnglish,
} from '@cluster-ai/contracts';

/** The registry with made-up models, for looking at its pages. */

const hour = 3_600_000;
const ago = (hours: number) => new Date(Date.now() - hours * hour).toISOString();
const digestOf = (seed: number) => `sha256:${seed.toString(16).padStart(2, '0').repeat(32).slice(0, 64)}`;

function toVersion(model: Model, version: number): CatalogVersion {
  const { facts } = model.latest;
  const isNewest = version === 3;
  return {
    version,
    semver: version === 1 ? null : `1.${version - 2}.0`,
    manifestDigest: digestOf(version * 17),
    framework: 'gguf',
    sizeBytes: model.latest.sizeBytes,
    createdAt: ago((4 - version) * 50),
    source: version === 1 ? 'bundled' : 'hf.co/lab/model',
    files: [
      { path: 'model.gguf', digest: digestOf(version * 7), sizeBytes: model.latest.sizeBytes, mediaType: 'application/octet-stream' },
      ...(isNewest ? [{ path: 'docs/README.md', digest: digestOf(3), sizeBytes: 2345, mediaType: 'text/markdown' }] : []),
    ],
    facts,
    metadata: { metrics: { accuracy: 0.9 + version / 100, dataset: 'imagenet' } },
    inspection:
      version === 2
        ? {
            format: 'gguf',
            framework: 'gguf',
            parameterCount: 5_500_000,
            metadata: {},
            verdict: 'suspicious',
            reasons: [{ code: 'template_attribute', detail: '__class__ in the chat template' }],
          }
        : { format: 'gguf', framework: 'gguf', parameterCount: 5_500_000, metadata: {}, verdict: 'safe', reasons: [] },
    allowed: null,
    aliases: isNewest ? ['latest', 'production'] : version === 2 ? ['staging'] : [],
    tags: isNewest ? { team: 'vision', reviewed: '' } : {},
  };
}

function toCatalogModel(model: Model): CatalogModel {
  return {
    name: model.name,
    description: model.description,
    framework: 'gguf',
    task: 'text-generation',
    licence: model.name === 'starter' ? 'mit' : 'apache-2.0',
    languages: ['en', 'pt'],
    sizeBytes: model.latest.sizeBytes,
    parameterCount: 5_500_000,
    latest: { version: 3, semver: '1.1.0', manifestDigest: digestOf(51), verdict: 'safe' },
    versionCount: 3,
    createdAt: ago(300),
    updatedAt: ago(2),
  };
}

const others: readonly CatalogModel[] = [
  ['vision/resnet50', 'pytorch', 'image-classification', 'suspicious', 102_000_000, 25_557_032],
  ['vision/detector', 'onnx', 'object-detection', 'safe', 27_000_000, 6_900_000],
  ['lab/old-pickle', 'pytorch', '', 'dangerous', 1_300_000, null],
].map(([name, framework, task, verdict, sizeBytes, parameterCount]) => ({
  name: name as string,
  description: '',
  framework: framework as CatalogModel['framework'],
  task: task as string,
  licence: 'bsd-3-clause',
  languages: [],
  sizeBytes: sizeBytes as number,
  parameterCount: parameterCount as number | null,
  latest: { version: 1, semver: null, manifestDigest: digestOf(9), verdict: verdict as 'safe' },
  versionCount: 1,
  createdAt: ago(40),
  updatedAt: ago(20),
}));

function toDetails(model: Model): CatalogDetails {
  return {
    ...toCatalogModel(model),
    latest: toVersion(model, 3),
    aliases: [
      { alias: 'latest', version: 3, isProtected: false, updatedAt: ago(2) },
      { alias: 'production', version: 3, isProtected: true, updatedAt: ago(2) },
      { alias: 'staging', version: 2, isProtected: false, updatedAt: ago(9) },
    ],
    metadata: { metrics: { accuracy: 0.93, dataset: 'imagenet' } },
  };
}

const noRoom = phrase('disk_has_no_room', { needed: 42_520_000_000, free: 12_000_000_000, folder: '/data/blobs' });
const freeSome = phrase('free_space_upload_again');

const startedAt = Date.now();
function fakeOperations(): Operation[] {
  const progress = Math.min(0.98, 0.2 + (Date.now() - startedAt) / 120_000);
  const bytesTotal = 4_683_073_184;
  const base = { kind: 'import', file: null, result: null, startedBy: 'ana', startedAt: ago(0.1) } as const;
  return [
    {
      ...base,
      id: 'op1',
      reference: 'hf.co/Qwen/Qwen2.5-7B-Instruct-GGUF:Q4_K_M',
      model: 'qwen/qwen2.5-7b-instruct',
      state: 'running',
      phase: 'downloading',
      progress,
      bytesDone: Math.round(bytesTotal * progress),
      bytesTotal,
      bytesPerSecond: 41_000_000,
      etaSeconds: (bytesTotal * (1 - progress)) / 41_000_000,
      reason: null,
      endedAt: null,
    },
    {
      ...base,
      id: 'op2',
      reference: 'llama3.3:70b',
      model: 'llama3.3',
      state: 'failed',
      phase: 'resolving',
      progress: 0,
      bytesDone: 0,
      bytesTotal: 42_520_000_000,
      bytesPerSecond: 0,
      etaSeconds: null,
      reason: {
        code: 'disk_full',
        message: toEnglish([noRoom]),
        hint: toEnglish([freeSome]),
        said: { message: [noRoom], hint: [freeSome] },
      },
      endedAt: ago(0.05),
    },
  ];
}

function diff(model: Model) {
  const [before, after] = [toVersion(model, 2), toVersion(model, 3)];
  return {
    from: 2,
    to: 3,
    files: {
      added: after.files.slice(1),
      removed: [],
      changed: [{ path: 'model.gguf', before: before.files[0], after: after.files[0] }],
      unchanged: 0,
    },
    metadata: [{ path: 'metrics.accuracy', before: 0.92, after: 0.93 }],
    sizeDeltaBytes: 2345,
  };
}

const preview = {
  model: 'qwen/qwen2.5-7b-instruct',
  sizeBytes: 4_683_073_184,
  freeBytes: 212_000_000_000,
  files: [{ path: 'qwen2.5-7b-instruct-q4_k_m.gguf', sizeBytes: 4_683_073_184, isHere: false }],
  choices: [
    ['Q4_K_M', 4_683_073_184, ['desk', 'notebook']],
    ['Q8_0', 8_098_525_888, ['desk']],
    ['F16', 15_240_000_000, []],
  ].map(([file, sizeBytes, able]) => ({
    file,
    sizeBytes,
    isChosen: file === 'Q4_K_M',
    fits: ['desk', 'notebook'].map((node) => ({ node, fits: (able as string[]).includes(node), neededBytes: sizeBytes })),
  })),
};

function answerModel(model: Model, [verb, id, more]: readonly string[]): unknown {
  if (verb === undefined) return toDetails(model);
  if (verb === 'versions') return { versions: [3, 2, 1].map((version) => toVersion(model, version)), next: null };
  if (verb === 'diff') return diff(model);
  if (verb === 'aliases' && more === 'history')
    return {
      moves: [
        { at: ago(2), from: 2, to: 3, kind: 'move', actor: 'ana' },
        { at: ago(9), from: 3, to: 2, kind: 'rollback', actor: 'bruno' },
        { at: ago(50), from: null, to: 3, kind: 'move', actor: 'ana' },
      ],
    };
  if (verb === 'aliases') return { alias: id, version: 2, isProtected: false, updatedAt: ago(0) };
  return null;
}

let uploaded = 0;

/** What the registry answers; a ClusterError is thrown. `undefined` where the route is not one of its own. */
export function answerRegistry(
  models: readonly Model[],
  method: string,
  [kind, noun, id, ...rest]: readonly string[],
  search: URLSearchParams,
): unknown {
  if (kind === 'operations') return method === 'DELETE' ? null : { operations: fakeOperations() };
  if (kind !== 'registry') return undefined;
  if (noun === 'imports') return id === 'preview' ? preview : fakeOperations()[0];
  if (noun === 'uploads') {
    if (method === 'POST') uploaded = 0;
    if (method === 'PATCH') uploaded += 8 * 1024 * 1024;
    return { id: 'u1', offset: uploaded, sizeBytes: null, expiresAt: ago(-24), digest: digestOf(5) };
  }
  if (id === undefined) {
    const words = search.get('search') ?? '';
    const framework = search.get('framework');
    const all = [...models.map(toCatalogModel), ...others].filter(
      (model) => model.name.includes(words) && (framework === null || model.framework === framework),
    );
    return {
      models: all,
      next: null,
      facets: {
        framework: [
          { value: 'gguf', models: 4 },
          { value: 'pytorch', models: 2 },
          { value: 'onnx', models: 1 },
        ],
        task: [
          { value: 'text-generation', models: 4 },
          { value: 'image-classification', models: 1 },
        ],
        licence: [
          { value: 'apache-2.0', models: 3 },
          { value: 'mit', models: 1 },
          { value: 'bsd-3-clause', models: 3 },
        ],
        language: [
          { value: 'en', models: 4 },
          { value: 'pt', models: 4 },
        ],
        size: [
          { value: 'under-100mb', models: 3 },
          { value: '100mb-1gb', models: 2 },
          { value: '1gb-10gb', models: 1 },
          { value: '10gb-100gb', models: 1 },
        ],
        namespace: [
          { value: 'vision', models: 2 },
          { value: 'lab', models: 1 },
          { value: 'qwen', models: 1 },
        ],
      },
    };
  }
  const model = models.find((candidate) => candidate.name === id);
  if (!model) throw new ClusterError('model_not_found', phrase('model_unknown', { name: id }), { hint: phrase('list_the_models') });
  return answerModel(model, rest);
}
