import {
  type Chat,
  type ChatMessage,
  type ConditionDetails,
  type LoadSample,
  type Model,
  type Node,
  phrase,
  type ReasonCode,
  type ReplicaReport,
  type State,
  toCondition,
  toEnglish,
} from '@cluster-ai/contracts';

const GiB = 1024 ** 3;
const ago = (seconds: number) => new Date(Date.now() - seconds * 1000).toISOString();
const condition = (state: State, reason: ReasonCode, seconds = 4000, details: ConditionDetails = {}) =>
  toCondition(state, reason, Date.now() - seconds * 1000, details);

/** Why the largest model runs nowhere. */
export const noRoom = [
  phrase('no_node_has_memory'),
  phrase('node_lacks_memory', { node: 'desk', needed: 45.2e9, free: 23.1e9 }),
  phrase('node_is_in_state', { node: 'raspberry-pi-in-the-kitchen', state: 'unreachable' }),
];

interface NodeSketch {
  readonly id: string;
  readonly name: string;
  readonly state: State;
  readonly reason: ReasonCode;
  readonly memory: number;
  readonly used: number;
  readonly cores: number;
  readonly gpu?: number;
  readonly seenAgo?: number;
  readonly replicas?: readonly ReplicaReport[];
}

function toNode({ id, name, state, reason, memory, used, cores, gpu, seenAgo = 0, replicas = [] }: NodeSketch): Node {
  return {
    id,
    name,
    condition: condition(state, reason, seenAgo || 4000),
    isLocal: id === 'n1',
    address: `192.168.0.${20 + Number(id.slice(1))}`,
    agentVersion: '0.1.0',
    joinedAt: ago(900_000),
    lastSeenAt: ago(seenAgo),
    roundTripMs: 3.2,
    hardware: {
      hostname: `${name}.local`,
      platform: 'linux',
      arch: 'x64',
      osName: 'Debian GNU/Linux 12',
      cpuModel: 'AMD Ryzen 7 5800X',
      cpuCores: cores,
      memoryBytes: memory * GiB,
      gpus: gpu === undefined ? [] : [{ name: 'NVIDIA GeForce RTX 3060', memoryBytes: gpu * GiB, driver: '550' }],
      diskTotalBytes: 1e12,
    },
    metrics: {
      cpuUtilization: 0.22,
      memoryUsedBytes: Math.round(used * GiB),
      memoryAvailableBytes: Math.round((memory - used) * GiB),
      diskFreeBytes: id === 'n3' ? 6.2e10 : 4.5e11,
      gpus: gpu === undefined ? [] : [{ utilization: 0.6, memoryUsedBytes: 9.8 * GiB, temperatureCelsius: 61 }],
      agentMemoryBytes: 91_000_000,
      tokensPerSecond: state === 'ready' && replicas.length > 0 ? 41 : 0,
    },
    metricsAt: ago(seenAgo),
    replicas: [...replicas],
    weights: {
      heldBytes: 2.5e9,
      limitBytes: 4.1e11,
      hits: 12,
      misses: 1,
      hitBytes: 3e10,
      missBytes: 2.5e9,
      evictions: 0,
      copies: [{ digest: `sha256:${'ab'.repeat(32)}`, sizeBytes: 2.5e9 }],
    },
    certificateExpiresAt: ago(-70_000),
  };
}

const replica = (model: string, state: State, reason: ReasonCode, progress: number | null = null): ReplicaReport => ({
  replicaId: `r-${model}-${state}`,
  fence: 1,
  model,
  digest: 'sha256:ab',
  engine: 'llama.cpp',
  condition: condition(state, reason),
  progress,
  capabilities: ['completion', 'chat'],
  contextSize: 4096,
  parallel: 4,
  threads: 4,
  busySlots: 1,
  queued: 0,
  memoryBytes: 1.2 * GiB,
  tokensPerSecond: state === 'ready' ? 41 : 0,
  loadMs: 1400,
  embeddingLength: 576,
});

export const fakeNodes = (): Node[] => [
  toNode({
    id: 'n1',
    name: 'desk',
    state: 'ready',
    reason: 'serving',
    memory: 64,
    used: 41,
    cores: 16,
    gpu: 12,
    replicas: [replica('starter', 'ready', 'serving'), replica('qwen/qwen3:4b', 'starting', 'loading_model', 0.62)],
  }),
  toNode({
    id: 'n2',
    name: 'notebook',
    state: 'ready',
    reason: 'serving',
    memory: 16,
    used: 6.4,
    cores: 8,
    replicas: [replica('starter', 'ready', 'serving')],
  }),
  toNode({ id: 'n3', name: 'nas', state: 'ready', reason: 'serving', memory: 8, used: 7.5, cores: 4 }),
  toNode({
    id: 'n4',
    name: 'raspberry-pi-in-the-kitchen',
    state: 'unreachable',
    reason: 'heartbeat_lost',
    memory: 4,
    used: 1.3,
    cores: 4,
    seenAgo: 247,
  }),
  toNode({ id: 'n5', name: 's21', state: 'asleep', reason: 'agent_stopped', memory: 8, used: 3, cores: 8, seenAgo: 3700 }),
  toNode({ id: 'n6', name: 'studio', state: 'degraded', reason: 'heartbeat_late', memory: 32, used: 12, cores: 12, seenAgo: 4 }),
  toNode({ id: 'n7', name: 'attic', state: 'starting', reason: 'awaiting_approval', memory: 16, used: 2, cores: 8 }),
];

export function measure(node: Node, isBusy: boolean): Node {
  if (node.condition.state !== 'ready' || !node.metrics) return node;
  const now = new Date().toISOString();
  const rate = node.replicas.length === 0 ? 0 : isBusy ? 45 + Math.random() * 12 : Math.random() < 0.5 ? 0 : 20 + Math.random() * 20;
  return {
    ...node,
    metricsAt: now,
    lastSeenAt: now,
    metrics: { ...node.metrics, cpuUtilization: Math.min(1, 0.1 + rate / 70), tokensPerSecond: rate },
  };
}

/** Seven minutes of a cluster with work now and then, and a minute in which it was down. */
export const fakeLoad = (): LoadSample[] =>
  Array.from({ length: 210 }, (_, index) => {
    const isBusy = Math.sin(index / 11) > 0.2;
    return {
      at: ago((210 - index) * 2),
      tokensPerSecond: isBusy ? 38 + 6 * Math.sin(index / 3) : 0,
      activeRequests: isBusy ? 2 : 0,
      queuedRequests: 0,
    };
  }).filter((_, index) => index < 90 || index >= 120);

interface ModelSketch {
  readonly name: string;
  readonly state: State;
  readonly reason: ReasonCode;
  readonly size: number;
  readonly parameters: string;
  readonly description: string;
  readonly notices?: Model['notices'];
  readonly nodes?: readonly (readonly [id: string, name: string])[];
  readonly progress?: number;
}

const toModel = ({ name, state, reason, size, parameters, description, notices = [], nodes = [], progress }: ModelSketch): Model => ({
  name,
  description,
  aliases: [{ alias: 'latest', version: 1 }],
  latest: {
    version: 1,
    semver: null,
    manifestDigest: 'sha256:1f0c8e0b52a7f8ad0e2c8f4f1b6c9d5e7a3b2c1d0e9f8a7b6c5d4e3f2a1b0c9d',
    createdAt: ago(500_000),
    sizeBytes: size,
    files: [{ path: 'model.gguf', digest: 'sha256:ab', sizeBytes: size, mediaType: 'application/octet-stream' }],
    facts: {
      format: 'gguf',
      architecture: 'llama',
      family: 'llama',
      parameterCount: 1e8,
      parameterSize: parameters,
      quantization: 'Q8_0',
      contextLength: 8192,
      embeddingLength: 576,
      blockCount: 30,
      headCount: 9,
      headCountKv: 3,
      vocabularySize: 49152,
      chatTemplate: '…',
      licence: 'Apache-2.0',
      description: null,
      capabilities: name.includes('embed') ? ['embedding'] : ['completion', 'chat', 'tools'],
    },
    source: name === 'starter' ? 'bundled' : 'model.gguf',
  },
  versionCount: 1,
  createdAt: ago(500_000),
  updatedAt: ago(500_000),
  condition: condition(state, reason, 4000, reason === 'not_enough_memory' ? { message: noRoom } : {}),
  replicas: nodes.map(([nodeId, node]) => ({ ...replica(name, state, reason, progress ?? null), nodeId, node })),
  notice: toEnglish(notices),
  notices,
});

export const fakeModels = (): Model[] => [
  toModel({
    name: 'starter',
    state: 'ready',
    reason: 'serving',
    size: 5_600_000,
    parameters: '5.5M',
    description: 'A very small model to try things out.',
    notices: [phrase('model_is_a_demonstration')],
    nodes: [
      ['n1', 'desk'],
      ['n2', 'notebook'],
    ],
  }),
  toModel({
    name: 'qwen/qwen3',
    state: 'starting',
    reason: 'loading_model',
    size: 2_600_000_000,
    parameters: '4B',
    description: 'A good all-round model.',
    nodes: [['n1', 'desk']],
    progress: 0.62,
  }),
  toModel({
    name: 'nomic-embed',
    state: 'asleep',
    reason: 'not_loaded',
    size: 274_000_000,
    parameters: '137M',
    description: 'Turns text into vectors.',
  }),
  toModel({ name: 'llama-70b', state: 'failed', reason: 'not_enough_memory', size: 42_000_000_000, parameters: '70.6B', description: '' }),
];

export const sampleAnswer = `A **neural network** learns by *guessing*, looking at how wrong it was, and nudging its numbers.

| Step | What happens |
| --- | --- |
| Forward | It makes a guess |
| Loss | It measures the mistake |
| Backward | It changes its weights |

\`\`\`python
from hashlib import sha256
from pathlib import Path

def find_duplicates(folder: str) -> dict[str, list[Path]]:
    """Groups files by what is in them."""
    groups: dict[str, list[Path]] = {}
    for path in Path(folder).rglob("*"):
        if path.is_file():
            groups.setdefault(sha256(path.read_bytes()).hexdigest(), []).append(path)
    return {key: paths for key, paths in groups.items() if len(paths) > 1}
\`\`\`

1. Repeat this many thousand times.
2. Stop when the guesses are good enough.

> Patience is most of it. See [the article](https://example.org/learning) and \`loss.backward()\`.
`;

export function longChat(length: number): Chat & { messages: ChatMessage[] } {
  const messages = Array.from({ length }, (_, index): ChatMessage => {
    const isQuestion = index % 2 === 0;
    return {
      id: `l${length}-${index}`,
      parentId: index === 0 ? null : `l${length}-${index - 1}`,
      role: isQuestion ? 'user' : 'assistant',
      content: isQuestion ? `Question ${index / 2 + 1}: how does a network learn?` : sampleAnswer,
      createdAt: ago(9000 - index),
      isComplete: true,
      answer: isQuestion
        ? null
        : {
            model: 'starter',
            node: 'desk',
            firstTokenMs: 412,
            tokensPerSecond: 48.2,
            promptTokens: 20,
            completionTokens: 210,
            finishReason: 'stop',
            error: null,
          },
    };
  });
  const last = messages.at(-1);
  if (last && length > 300) messages.push({ ...last, id: `${last.id}b`, content: 'Another answer.' });
  return {
    id: length > 300 ? 'long' : 'short',
    title: length > 300 ? 'How networks learn, at length' : 'A short chat',
    model: 'starter',
    createdAt: ago(9000),
    updatedAt: ago(length > 300 ? 100_000 : 60),
    headId: last?.id ?? null,
    isPinned: length > 300,
    options: length > 300 ? {} : { temperature: 0.2, system: 'Answer briefly.' },
    isGenerating: false,
    isReadable: true,
    messages,
  };
}
