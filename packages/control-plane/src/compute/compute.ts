import {
  ClusterError,
  type ComputeConnection,
  type ComputeProfile,
  type ComputeStatus,
  type Condition,
  type Config,
  type PoolName,
  phrase,
  toCondition,
} from '@cluster-ai/contracts';
import type { Clock, DataFolder, Logger } from '@cluster-ai/runtime';
import { describeAct } from '../access/audit/act.ts';
import type { Database } from '../stores/database.ts';
import { openComputeSettings, type PoolLimits } from './compute-settings.ts';
import type { RunningCompute } from './run-compute.ts';
import { sideBySide } from './side-by-side.ts';
import { toComputeStatus } from './to-compute-status.ts';
import type { ComputeNodes } from './workers/keep-workers.ts';

/** What the records of tasks say, by whoever keeps them. */
export interface TaskNumbers {
  /** Tasks that wait for a worker of a pool, and that run on one. */
  demand(): Readonly<Partial<Record<PoolName, { readonly waiting: number; readonly running: number }>>>;
  /** How many are in each state. */
  counts(): Readonly<Record<string, number>>;
  bridge(): Condition;
}

export interface ComputeDeps {
  readonly database: Database;
  readonly folder: DataFolder;
  readonly config: Config;
  readonly nodes: ComputeNodes;
  readonly clock: Clock;
  readonly log: Logger;
  /** Absent until somebody keeps tasks. */
  readonly tasks?: () => TaskNumbers | undefined;
  /** Called each time that compute begins to run: works beside it until the signal aborts. */
  readonly beside?: (running: RunningCompute, signal: AbortSignal) => Promise<void>;
}

/** How long a certificate for a plain Dask client is good. */
const connectionHours = 8;

const off = () =>
  new ClusterError('compute_disabled', phrase('reason', { reason: 'compute_off' }), {
    hint: phrase('next_step', { reason: 'compute_off' }),
  });

const notReady = () =>
  new ClusterError('compute_unavailable', phrase('reason', { reason: 'scheduler_starting' }), { hint: phrase('see_compute_status') });

/** The Dask cluster, on or off. This part is always there and small; what runs is loaded when it is enabled. */
export async function openCompute({ database, folder, config, nodes, clock, log, tasks = () => undefined, beside }: ComputeDeps) {
  const settings = await openComputeSettings({ database, clock });
  const listeners = new Set<() => void>();
  let running: RunningCompute | undefined;
  let failure: Condition | undefined;
  let turn = new AbortController();
  let offSinceMs = clock.now();

  const isEnabled = () => config.compute.enabled || settings.current().isEnabled;
  const profile = (): ComputeProfile => settings.current().profile ?? config.compute.profile;
  const tell = () => {
    for (const listener of listeners) listener();
  };
  /** What runs is ended; what is wanted now is started. */
  const begin = () => {
    turn.abort();
    tell();
  };

  async function runOnce(signal: AbortSignal): Promise<void> {
    const { openRunningCompute } = await import('./run-compute.ts'); // costs memory that most clusters need for other things
    failure = undefined;
    const opened = await openRunningCompute({
      folder,
      config,
      nodes,
      profile: profile(),
      limits: () => settings.current().pools,
      demand: () => tasks()?.demand() ?? {},
      onChange: tell,
      clock,
      log,
    });
    running = opened;
    log.info({ profile: profile() }, 'Compute is enabled');
    try {
      await sideBySide(signal, [opened.run, (until) => beside?.(opened, until)]);
    } finally {
      running = undefined;
    }
  }

  async function runUntilChanged(signal: AbortSignal): Promise<void> {
    turn = new AbortController();
    const until = AbortSignal.any([signal, turn.signal]);
    if (isEnabled()) {
      await runOnce(until).catch((error: unknown) => {
        if (until.aborted) return;
        log.error({ err: error }, 'Compute ended unexpectedly; it is started again');
        failure = toCondition('failed', 'scheduler_crashed', clock.now());
      });
      if (!until.aborted) await clock.sleep(5000, until).catch(() => {});
    } else {
      offSinceMs = clock.now();
      await new Promise((resolve) => until.addEventListener('abort', resolve, { once: true }));
    }
    tell();
  }

  return {
    isEnabled,
    /** `undefined` while it is off or not loaded yet. */
    running: () => running,
    status: (): ComputeStatus =>
      toComputeStatus({
        isEnabled: isEnabled(),
        running: isEnabled() ? running : undefined,
        failure,
        profile: profile(),
        tasks: tasks(),
        offSinceMs,
        nowMs: clock.now(),
      }),
    async enable(): Promise<void> {
      const wasEnabled = isEnabled();
      await settings.change((now) => ({ ...now, isEnabled: true }));
      if (!wasEnabled) begin();
    },
    async disable(): Promise<void> {
      if (config.compute.enabled) throw new ClusterError('conflict', phrase('compute_is_configured'), { hint: phrase('take_compute_out') });
      if (!settings.current().isEnabled) return;
      await settings.change((now) => ({ ...now, isEnabled: false }));
      begin();
    },
    /** The scheduler is started again with it: what runs is submitted again. */
    async setProfile(next: ComputeProfile): Promise<void> {
      describeAct({ target: next });
      if (next === profile()) return;
      await settings.change((now) => ({ ...now, profile: next }));
      begin();
    },
    async scale(pool: PoolName, limits: PoolLimits): Promise<void> {
      describeAct({ target: pool, details: limits });
      const { min = 0, max = Number.POSITIVE_INFINITY } = { ...settings.current().pools[pool], ...limits };
      if (min > max)
        throw new ClusterError('invalid_request', `The pool ${pool} cannot have at least ${min} and at most ${max} workers.`, {
          param: 'min',
        });
      await settings.change((now) => ({ ...now, pools: { ...now.pools, [pool]: { ...now.pools[pool], ...limits } } }));
      running?.workers()?.wake();
      tell();
    },
    /** What a plain Dask client needs. Throws `compute_disabled` or `compute_unavailable`. */
    async connect(name: string): Promise<ComputeConnection> {
      if (!isEnabled()) throw off();
      const place = running?.scheduler()?.place();
      const python = running?.environment.current();
      if (running === undefined || place === undefined || python === undefined) throw notReady();
      const { authority, certificate, key, expiresAtMs } = await running.certificates.mint(name, connectionHours);
      const expiresAt = new Date(expiresAtMs).toISOString();
      describeAct({ target: name, details: { expiresAt } });
      return { address: place.address, authority, certificate, key, expiresAt, versions: python.versions };
    },
    /** Where Dask's own pages are, for whoever passes them on. */
    dashboard(): { readonly port: number; readonly secret: string } | undefined {
      const scheduler = running?.scheduler();
      const place = scheduler?.place();
      return scheduler && place && { port: place.dashboardPort, secret: scheduler.dashboardSecret };
    },
    /** What the scheduler measures, in Prometheus' text format. Throws `compute_disabled` or `compute_unavailable`. */
    async measure(signal: AbortSignal): Promise<{ readonly text: string; readonly contentType: string }> {
      if (!isEnabled()) throw off();
      const scheduler = running?.scheduler();
      const place = scheduler?.place();
      if (scheduler === undefined || place === undefined) throw notReady();
      const { readDask } = await import('./scheduler/read-scheduler.ts');
      return readDask(place, scheduler.dashboardSecret, '/metrics', signal);
    },
    onChange(listener: () => void): () => void {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    async run(signal: AbortSignal): Promise<void> {
      while (!signal.aborted) await runUntilChanged(signal);
    },
  };
}
export type Compute = Awaited<ReturnType<typeof openCompute>>;
