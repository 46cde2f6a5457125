import {
  ClusterError,
  type ComputeStatus,
  type Condition,
  phrase,
  type ReasonCode,
  type State,
  type Task,
  toCondition,
  toEnglish,
  type Worker,
} from '@cluster-ai/contracts';
import { ago } from './fake-times.ts';

const GIB = 1024 ** 3;
const condition = (state: State, reason: ReasonCode): Condition => toCondition(state, reason, Date.now() - 3_600_000);

function toWorker(node: string, changes: Partial<Worker>): Worker {
  return {
    name: `${node}-1`,
    nodeId: node,
    node,
    pool: 'cpu',
    isProxy: false,
    condition: condition('ready', 'serving'),
    threads: 8,
    memoryLimitBytes: 16 * GIB,
    memoryBytes: 3.4 * GIB,
    spilledBytes: 0,
    resources: {},
    running: 0,
    ...changes,
  };
}

const workers: readonly Worker[] = [
  toWorker('desk', { running: 6 }),
  toWorker('gpu-box', {
    pool: 'gpu',
    threads: 32,
    memoryLimitBytes: 64 * GIB,
    memoryBytes: 51 * GIB,
    spilledBytes: 7_400_000_000,
    running: 32,
  }),
  toWorker('laptop', { condition: condition('starting', 'environment_installing'), memoryBytes: 0 }),
  toWorker('phone-ana', {
    pool: 'phone',
    isProxy: true,
    threads: 1,
    memoryLimitBytes: GIB,
    memoryBytes: 0.1 * GIB,
    condition: condition('degraded', 'worker_not_reachable'),
  }),
];

let isEnabled = true;
let profile: ComputeStatus['profile'] = 'default';

function toStatus(): ComputeStatus {
  const off = condition('stopped', 'compute_off');
  const part = isEnabled ? condition('ready', 'serving') : off;
  return {
    isEnabled,
    condition: part,
    environment: part,
    progress: null,
    scheduler: part,
    bridge: part,
    address: isEnabled ? 'tls://192.168.1.10:8786' : '',
    dashboard: isEnabled ? '/dask/status' : '',
    profile,
    versions: isEnabled ? { python: '3.11.7', dask: '2026.8.0', distributed: '2026.8.0', cloudpickle: '3.1.3' } : null,
    workers: isEnabled ? [...workers] : [],
    pools: isEnabled
      ? [
          { name: 'cpu', min: 1, max: 100, wanted: 2, running: 1, reason: 'Eight tasks wait.' },
          { name: 'gpu', min: 1, max: 4, wanted: 1, running: 1, reason: 'Each is busy.' },
        ]
      : [],
    tasks: { queued: 412, running: 38, done: 10_231, failed: 2 },
  };
}

function toTask(id: string, changes: Partial<Task>): Task {
  return {
    id,
    name: '',
    type: 'python',
    state: 'done',
    reason: null,
    attempt: 1,
    priority: 0,
    retries: 3,
    progress: 1,
    message: '',
    dependsOn: [],
    resources: {},
    worker: 'desk-1',
    result: null,
    hasReport: false,
    owner: 'ana',
    createdAt: ago(12),
    startedAt: ago(12),
    endedAt: null,
    deadlineAt: null,
    ...changes,
  };
}

const unreadable = phrase('not_valid_gguf', { path: '/data/orders.gguf' });

const tasks: readonly Task[] = [
  toTask('train-7', { name: 'search for the best depth', state: 'running', progress: 0.42, message: 'fold 3 of 7', worker: 'gpu-box-1' }),
  toTask('embed-all', { name: 'embed 100 000 texts', type: 'ai_inference', state: 'running', progress: 0.07, message: '7 012 of 100 000' }),
  toTask('a1b2c3', { type: 'data_processing', state: 'queued', progress: 0, startedAt: null, worker: null }),
  toTask('pi', {
    name: 'Monte Carlo',
    type: 'javascript',
    endedAt: ago(11),
    result: { value: { pi: 3.141_61, samples: 1_000_000 }, sizeBytes: 35 },
  }),
  toTask('photos', {
    name: 'label photos',
    type: 'model',
    endedAt: ago(6),
    result: { digest: `sha256:${'ab'.repeat(32)}`, sizeBytes: 48_200_000 },
  }),
  toTask('broken', {
    name: 'clean orders',
    type: 'data_processing',
    state: 'failed',
    attempt: 4,
    endedAt: ago(9),
    reason: { code: 'task_failed', message: toEnglish(unreadable), said: { message: [unreadable], hint: [] } },
  }),
  toTask('old', { state: 'cancelled', endedAt: ago(30) }),
];

/** What the made-up cluster says of its Dask; undefined where the address is another one. */
export async function answerCompute(
  method: string,
  [kind, id, verb]: readonly string[],
  search: URLSearchParams,
  body: () => Promise<unknown>,
): Promise<unknown> {
  if (kind === 'compute') {
    if (id === 'enable' || id === 'disable') isEnabled = id === 'enable';
    if (id === 'profile') profile = ((await body()) as { profile: typeof profile }).profile;
    return toStatus();
  }
  if (kind !== 'tasks') return undefined;
  if (id === undefined) {
    const state = search.get('state');
    return { tasks: tasks.filter((task) => state === null || task.state === state), next: null };
  }
  const task = tasks.find((one) => one.id === id);
  if (!task) throw new ClusterError('task_not_found', `There is no task ${id}.`);
  if (verb === 'logs')
    return {
      lines: ['reading 12 files', 'fold 1 of 7: 0.812', 'fold 2 of 7: 0.824'].map((text) => ({ at: ago(6), attempt: 1, text })),
      isCut: false,
    };
  return method === 'POST' ? { ...task, state: verb === 'cancel' ? 'cancelling' : 'queued' } : task;
}
