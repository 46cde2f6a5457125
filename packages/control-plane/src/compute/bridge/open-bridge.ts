import { mkdir, rm } from 'node:fs/promises';
import { ClusterError, type Condition, toCondition } from '@cluster-ai/contracts';
import { backoffMs, type Clock, type Logger } from '@cluster-ai/runtime';
import { z } from 'zod';
import type { Bridge, BridgeConnection, BridgeListener } from './bridge.ts';
import { BRIDGE_PROTOCOL, type BridgeMessage, bridgeInfoShape, bridgeMessageShape } from './messages.ts';
import { type Program, startProgram } from './start-program.ts';

/** Where the scheduler is, and by what the bridge proves who it is. */
export interface BridgePlace {
  readonly scheduler: string;
  /** PEM. Without them only a scheduler of this machine that asks for none can be reached: tests have one. */
  readonly tls?: { readonly authority: string; readonly certificate: string; readonly key: string };
}

export interface BridgeOptions {
  /** The interpreter of the environment with Dask. */
  readonly python: string;
  /** Where the package `cluster_ai` lies, and what else its Python has to find. */
  readonly pythonPath: readonly string[];
  /** Called at each start: certificates are short-lived. `undefined` while there is no scheduler. */
  readonly findPlace: () => Promise<BridgePlace | undefined>;
  /** Where results go that are too large for a line. It is emptied at each start. */
  readonly spoolFolder: string;
  readonly inlineBytes: number;
  /** What runs a task on a worker, as MODULE:FUNCTION. */
  readonly executor?: string;
  /** What lists functions of Python files, as MODULE:FUNCTION. */
  readonly functions?: string;
  /** As many tasks may be with Dask at once; the rest waits with us, where its order can still change. */
  readonly window?: number;
  readonly clock: Clock;
  readonly log: Logger;
}

const MAX_LINE_BYTES = 64 * 1024 ** 2;
const SUBMIT_LINE_BYTES = 4 * 1024 ** 2;
const CALL_MS = 15_000;
/** A scheduler that does not answer for as long is not there, whatever its connection says. */
const PING_EVERY_MS = 10_000;
const HEALTHY_AFTER_MS = 30_000;
const NEXT_TRY_MOST_MS = 5000;

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

const unavailable = (why: string) =>
  new ClusterError('compute_unavailable', why, { hint: 'It is tried again by itself; see `cluster-ai compute status`.' });

/** Texts in groups that fit into a line. */
function* inLines(texts: readonly string[]): Generator<readonly string[]> {
  let group: string[] = [];
  let size = 0;
  for (const text of texts) {
    if (group.length > 0 && size + text.length > SUBMIT_LINE_BYTES) {
      yield group;
      group = [];
      size = 0;
    }
    group.push(text);
    size += text.length;
  }
  if (group.length > 0) yield group;
}

export function createBridge({
  python,
  pythonPath,
  findPlace,
  spoolFolder,
  inlineBytes,
  executor = 'cluster_ai.tasks:execute',
  functions = 'cluster_ai.tasks.functions:list_functions',
  window = 2000,
  clock,
  log,
}: BridgeOptions): Bridge {
  let condition: Condition = toCondition('starting', 'scheduler_starting', clock.now());
  let program: Program | undefined;
  let connection: BridgeConnection | undefined;
  let lastCall = 0;
  const calls = new Map<number, Waiting>();

  const say = (message: object) => connection !== undefined && program?.write(JSON.stringify(message)) === true;

  function call(type: string, more: object = {}): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const number = ++lastCall;
    if (!say({ type, call: number, ...more })) return Promise.reject(unavailable('The bridge to the scheduler is not connected.'));
    const timer = setTimeout(() => end(number, (waiting) => waiting.reject(unavailable('The scheduler does not answer.'))), CALL_MS);
    calls.set(number, { resolve, reject });
    return promise.finally(() => clearTimeout(timer));
  }
  function end(number: number, how: (waiting: Waiting) => void): void {
    const waiting = calls.get(number);
    calls.delete(number);
    if (waiting) how(waiting);
  }

  function hear(message: BridgeMessage, listener: BridgeListener): void {
    switch (message.type) {
      case 'hello':
        connection = { versions: message.versions, window: message.window };
        condition = toCondition('ready', 'serving', clock.now());
        return void listener.onConnected(connection);
      case 'events':
        return void listener.onEvents(message.events);
      case 'answer':
        return void end(message.call, ({ resolve, reject }) =>
          message.error === undefined ? resolve(message.value) : reject(unavailable(message.error)),
        );
      case 'fatal':
        return void log.error({ message: message.message }, 'The bridge to the scheduler cannot work');
    }
  }

  function read(line: string, listener: BridgeListener, onBroken: () => void): void {
    try {
      hear(bridgeMessageShape.parse(JSON.parse(line)), listener);
    } catch (error) {
      log.error({ err: error }, 'The bridge said what nobody understands; it is started again');
      onBroken();
    }
  }

  async function ping(current: Program, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await clock.sleep(PING_EVERY_MS, signal).catch(() => {});
      if (signal.aborted) return;
      if (connection !== undefined) await call('ping').catch(() => (signal.aborted ? undefined : current.stop(0)));
    }
  }

  /** One life of the process. */
  async function live(place: BridgePlace, listener: BridgeListener, signal: AbortSignal): Promise<void> {
    await rm(spoolFolder, { recursive: true, force: true });
    await mkdir(spoolFolder, { recursive: true, mode: 0o700 });
    const ended = new AbortController();
    const current = startProgram({
      command: python,
      args: ['-m', 'cluster_ai.bridge'],
      environment: { PYTHONPATH: pythonPath.join(':'), PYTHONDONTWRITEBYTECODE: '1' },
      maxLineBytes: MAX_LINE_BYTES,
      onLine: (line) => read(line, listener, () => void current.stop(0)),
      onErrorLine: (line) => log.debug({ line: line.slice(0, 1000) }, 'The bridge printed'),
    });
    program = current;
    const onAbort = () => void current.stop();
    signal.addEventListener('abort', onAbort, { once: true });
    current.write(
      JSON.stringify({
        type: 'configure',
        version: BRIDGE_PROTOCOL,
        ...place,
        executor,
        functions,
        spool: spoolFolder,
        inlineBytes,
        maxLineBytes: MAX_LINE_BYTES,
        window,
      }),
    );
    const pinging = ping(current, ended.signal);
    const { code, signal: by } = await current.exited;
    ended.abort();
    signal.removeEventListener('abort', onAbort);
    const wasConnected = connection !== undefined;
    connection = undefined;
    program = undefined;
    for (const number of [...calls.keys()]) end(number, ({ reject }) => reject(unavailable('The bridge to the scheduler ended.')));
    await pinging;
    if (signal.aborted) return;
    condition = toCondition('starting', 'bridge_crashed', clock.now());
    log.warn({ code, signal: by }, 'The bridge to the scheduler ended; it is started again');
    if (wasConnected) listener.onLost();
  }

  return {
    condition: () => condition,
    pid: () => program?.pid,
    connection: () => connection,
    submit(tasks) {
      for (const group of inLines(tasks.map((task) => JSON.stringify(task))))
        if (connection === undefined || !program?.write(`{"type":"submit","tasks":[${group.join(',')}]}`)) return false;
      return true;
    },
    cancel: (attempts) => attempts.length === 0 || say({ type: 'cancel', tasks: attempts }),
    info: async () => bridgeInfoShape.parse(await call('info')),
    retire: async (names) => z.array(z.string()).parse(await call('retire', { names })),
    functions: (files) => call('functions', { files }),
    async run(listener, signal) {
      for (let attempt = 0; !signal.aborted; attempt++) {
        const startedAt = clock.monotonic();
        const place = await findPlace().catch((error: unknown) => {
          log.warn({ err: error }, 'The bridge cannot be started yet');
          return undefined;
        });
        if (place !== undefined) await live(place, listener, signal);
        if (clock.monotonic() - startedAt > HEALTHY_AFTER_MS) attempt = 0;
        if (!signal.aborted) await clock.sleep(backoffMs(attempt, 100, NEXT_TRY_MOST_MS), signal).catch(() => {});
      }
      condition = toCondition('stopped', 'turned_off', clock.now());
    },
  };
}
