import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  type ComputeStatus,
  computeStatusShape,
  type ErrorCode,
  errorCodes,
  poolNames,
  type Task,
  taskShape,
  taskSubmissionShape,
  toCondition,
} from '@cluster-ai/contracts';

type Submitted = Extract<ReturnType<typeof taskSubmissionShape.parse>, { readonly type: string }>;
type Answer = readonly [status: number, body?: unknown];

const at = '2026-01-02T03:04:05.000Z';
const off = toCondition('stopped', 'compute_off', Date.parse(at));
const ready = toCondition('ready', 'serving', Date.parse(at));
export const fakeVersions = { python: '3.11.2', dask: '2026.8.0', distributed: '2026.8.0', cloudpickle: '3.1.1' };

const refuse = (code: ErrorCode, detail: string): Answer => [
  errorCodes[code].status,
  { type: 'about:blank', title: errorCodes[code].title, status: errorCodes[code].status, detail, instance: '', code, hint: 'Look.' },
];

/** What the workers of the fake can do: JavaScript bundles in this process, and two Python functions. */
async function perform({ type, input }: Submitted, bundles: ReadonlyMap<string, string>): Promise<unknown> {
  if (type === 'javascript') {
    const { bundle, export: exported, args, items } = input;
    const module = await import(`data:text/javascript,${encodeURIComponent(bundles.get(bundle) ?? '')}`);
    return items === undefined ? module[exported](...args) : Promise.all(items.map((item) => module[exported](item, ...args)));
  }
  if (type === 'python' && input.function === 'add') return input.args.map(Number).reduce((sum, value) => sum + value, 0);
  if (type === 'python' && input.function === 'fail') throw new Error('it was asked to');
  return null;
}

export interface FakeCompute extends AsyncDisposable {
  readonly url: string;
  readonly requests: { readonly method: string; readonly path: string; readonly body: string }[];
  readonly tasks: Map<string, Task>;
  /** Tasks whose name begins so are taken and never end. */
  hold: string;
}

/** Compute as a cluster's native API has it, in memory: tasks are done as soon as they come in, `enable` is ready at the third look. */
export async function openFakeCompute({ isEnabled = true } = {}): Promise<FakeCompute> {
  const tasks = new Map<string, Task>();
  const bundles = new Map<string, string>();
  const requests: { method: string; path: string; body: string }[] = [];
  const state = {
    isEnabled,
    looksUntilReady: 0,
    profile: 'default' as ComputeStatus['profile'],
    pools: new Map(poolNames.map((name) => [name, { min: 1, max: 4 }])),
  };
  const watchers = new Set<ServerResponse>();
  const fake = { hold: '' };

  function describe(): ComputeStatus {
    const isReady = state.isEnabled && state.looksUntilReady <= 0;
    const starting = toCondition('starting', 'environment_installing', Date.parse(at));
    const condition = !state.isEnabled ? off : isReady ? ready : starting;
    const progress = state.isEnabled && !isReady ? 1 - state.looksUntilReady / 3 : null;
    state.looksUntilReady -= 1;
    const worker = {
      name: 'here-cpu', nodeId: 'node_1', node: 'here', pool: 'cpu', isProxy: false, condition: ready, threads: 2,
      memoryLimitBytes: 2 ** 31, memoryBytes: 2 ** 27, spilledBytes: 0, resources: { NODE_node_1: 1 }, running: 0,
    }; // biome-ignore format: one thing
    return computeStatusShape.parse({
      isEnabled: state.isEnabled, condition, environment: condition, progress, scheduler: condition, bridge: condition,
      address: isReady ? 'tls://127.0.0.1:8786' : '', dashboard: isReady ? '/dask/' : '', profile: state.profile,
      versions: isReady ? fakeVersions : null, workers: isReady ? [worker] : [],
      pools: [...state.pools].map(([name, limits]) => ({ name, ...limits, wanted: 1, running: isReady ? 1 : 0, reason: 'At least one.' })),
      tasks: Object.fromEntries(Object.entries(Object.groupBy(tasks.values(), (task) => task.state)).map(([name, of]) => [name, of?.length ?? 0])),
    }); // biome-ignore format: one thing
  }

  function tell(task: Task): void {
    const event = { type: 'tasks.changed', owner: task.owner, ids: [task.id] };
    for (const watcher of watchers) watcher.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
  }

  async function run(submitted: Submitted, id: string): Promise<void> {
    const change = (changes: Partial<Task>) => {
      const task = { ...(tasks.get(id) as Task), ...changes };
      tasks.set(id, task);
      tell(task);
    };
    const isEndless = submitted.type === 'javascript' && bundles.get(submitted.input.bundle)?.includes('for (;;)') === true;
    if (isEndless || (fake.hold !== '' && submitted.name.startsWith(fake.hold)))
      return change({ state: 'running', startedAt: at, message: 'counting', progress: 0.5 });
    try {
      const value = (await perform(submitted, bundles)) as NonNullable<Task['result']>['value'];
      change({ state: 'done', progress: 1, endedAt: at, result: { value, sizeBytes: JSON.stringify(value ?? null).length } });
    } catch (error) {
      change({ state: 'failed', endedAt: at, reason: { code: 'task_failed', message: (error as Error).message, hint: 'Mend it.' } });
    }
  }

  function submit(body: string): Answer {
    const parsed = taskSubmissionShape.safeParse(JSON.parse(body));
    if (!parsed.success) return refuse('invalid_request', parsed.error.issues[0]?.message ?? 'Not valid.');
    const all = 'tasks' in parsed.data ? parsed.data.tasks : [parsed.data];
    const missing = all.find((task) => task.type === 'javascript' && !bundles.has(task.input.bundle));
    if (missing !== undefined) return refuse('bundle_not_found', 'There is no such bundle.');
    const ids = all.map((task) => {
      const id = task.id ?? `task_${tasks.size + 1}`;
      if (tasks.has(id)) return id;
      const { name, type, priority, retries, dependsOn, resources } = task;
      tasks.set(id, taskShape.parse({
        id, name, type, state: 'queued', reason: null, attempt: 1, priority, retries, progress: 0, message: '', dependsOn, resources, worker: null,
        result: null, hasReport: false, owner: 'owner', createdAt: at, startedAt: null, endedAt: null, deadlineAt: null,
      })); // biome-ignore format: one thing
      void run(task, id);
      return id;
    });
    return 'tasks' in parsed.data ? [202, { ids }] : [202, tasks.get(ids[0] ?? '')];
  }

  function list(query: URLSearchParams): Answer {
    const isWanted = (task: Task) => ['state', 'type', 'name'].every((key) => !query.get(key) || task[key as 'state'] === query.get(key));
    const found = [...tasks.values()].filter(isWanted).reverse();
    const from = Number(query.get('cursor') ?? 0);
    const to = from + Number(query.get('limit') ?? 100);
    const shown = found
      .slice(from, to)
      .map((task) => (task.result === null ? task : { ...task, result: { sizeBytes: task.result.sizeBytes } }));
    return [200, { tasks: shown, next: to < found.length ? String(to) : null }]; // without values, as the server does
  }

  function onTask(method: string, task: Task, verb: string | undefined): Answer {
    const hasEnded = ['done', 'failed', 'cancelled'].includes(task.state);
    if (method === 'DELETE' && !hasEnded) return refuse('conflict', 'It has not ended.');
    if (method === 'DELETE') return tasks.delete(task.id) ? [204] : [404];
    if (verb === 'logs') return [200, { lines: [{ at, attempt: 1, text: `${task.id} began` }], isCut: false }];
    if (verb === 'result')
      return task.state === 'done' ? [200, task.result?.value ?? null] : refuse('task_failed', task.reason?.message ?? 'It failed.');
    if (verb === undefined) return [200, task];
    if ((verb === 'cancel') === hasEnded) return refuse('conflict', `It is ${task.state}.`);
    const changed: Task = { ...task, state: verb === 'cancel' ? 'cancelled' : 'queued', endedAt: verb === 'cancel' ? at : null };
    tasks.set(task.id, changed);
    tell(changed);
    return [200, changed];
  }

  function onCompute(verb: string | undefined, body: string): Answer {
    const given = body === '' ? {} : JSON.parse(body);
    if (verb === 'enable') Object.assign(state, { isEnabled: true, looksUntilReady: 3 });
    if (verb === 'disable') state.isEnabled = false;
    if (verb === 'profile') state.profile = given.profile;
    if (verb === 'scale') state.pools.set(given.pool, { ...(state.pools.get(given.pool) ?? { min: 0, max: 0 }), ...given });
    if (verb !== 'connect') return [200, describe()];
    if (!state.isEnabled) return refuse('compute_disabled', 'Compute is not enabled.');
    return [
      200,
      { address: 'tls://127.0.0.1:8786', authority: 'CA', certificate: 'CERTIFICATE', key: 'KEY', expiresAt: at, versions: fakeVersions },
    ];
  }

  function answer(method: string, url: URL, body: string): Answer {
    const [first, id = '', verb] = url.pathname.slice('/api/v1/'.length).split('/').map(decodeURIComponent);
    if (first === 'compute') return onCompute(id || undefined, body);
    if (first !== 'tasks') return refuse('unknown_route', `There is no ${url.pathname}.`);
    if (!state.isEnabled) return refuse('compute_disabled', 'Compute is not enabled.');
    if (id === 'bundles') {
      const { source } = JSON.parse(body);
      const digest = `sha256:${createHash('sha256').update(source).digest('hex')}`;
      bundles.set(digest, source);
      return [201, { digest, sizeBytes: source.length }];
    }
    if (id === 'functions') return [200, { functions: [{ name: 'add', description: 'Adds.', parameters: {} }] }];
    if (id === '') return method === 'POST' ? submit(body) : list(url.searchParams);
    const task = tasks.get(id);
    return task === undefined ? refuse('task_not_found', `There is no task "${id}".`) : onTask(method, task, verb);
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '', 'http://here');
    if (url.pathname === '/api/v1/events') {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
      watchers.add(response);
      response.on('close', () => watchers.delete(response));
      return;
    }
    const body = Buffer.concat(await Array.fromAsync(request)).toString();
    requests.push({ method: request.method ?? '', path: url.pathname + url.search, body });
    const [status, value] = answer(request.method ?? '', url, body);
    response.writeHead(status, { 'content-type': 'application/json' }).end(value === undefined ? undefined : JSON.stringify(value));
  }

  const server = createServer((request, response) => void serve(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(fake, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    tasks,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}
