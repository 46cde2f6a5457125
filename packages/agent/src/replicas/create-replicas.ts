import { isDeepStrictEqual } from 'node:util';
import { ClusterError, phrase, type ReplicaReport, type ReplicaSpec } from '@cluster-ai/contracts';
import type { Clock, Logger } from '@cluster-ai/runtime';
import type { Engine } from '../engines/engine.ts';
import type { Weights } from '../weights/weights.ts';
import { createLoadCrashes } from './load-crashes.ts';
import { Replica, type ReplicaDeps } from './replica.ts';
import type { Replicas } from './replicas.ts';
import { openRunFolders } from './run-folders.ts';
import { createTurns } from './turns.ts';

export interface ReplicasDeps {
  readonly engines: readonly Engine[];
  readonly weights: Weights;
  /** Where the engines' sockets lie. */
  readonly runFolder: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Numbers (progress, tokens, memory) are told this often; a change of state is told at once. */
const TELL_NUMBERS_EVERY_MS = 500;
/** How many deleted replicas are remembered, so that a late order does not bring one back. */
const MAX_REMEMBERED = 10_000;
const DISPOSE_WITHIN_MS = 3000;

type Listener = Parameters<Replicas['onChange']>[0];

const staleOrder = (replicaId: string, fence: number, known: number) =>
  new ClusterError('stale_order', `The order ${fence} for ${replicaId} is older than ${known}, which was already obeyed.`);

const toWork = ({ fence: _fence, cacheBytes: _cacheBytes, ...work }: ReplicaSpec) => work;
const isSameWork = (a: ReplicaSpec, b: ReplicaSpec) => isDeepStrictEqual(toWork(a), toWork(b));

/** Remembers the newest order per deleted replica, the latest ones only. */
function createTombstones() {
  const fences = new Map<string, number>();
  return {
    fenceOf: (replicaId: string) => fences.get(replicaId) ?? -1,
    add(replicaId: string, fence: number) {
      fences.delete(replicaId);
      fences.set(replicaId, fence);
      const [oldest] = fences.keys();
      if (fences.size > MAX_REMEMBERED && oldest !== undefined) fences.delete(oldest);
    },
  };
}

/** Tells listeners what changed: states at once, numbers when `tellNumbers` is called. */
function createTeller() {
  const listeners = new Set<Listener>();
  const told = new Map<string, ReplicaReport>();
  const tell = (replicaId: string, report: ReplicaReport | undefined) => {
    if (report) told.set(replicaId, report);
    else told.delete(replicaId);
    for (const listener of listeners) listener(replicaId, report);
  };
  return {
    listeners,
    tell,
    tellNumbers(report: ReplicaReport) {
      if (!isDeepStrictEqual(told.get(report.replicaId), report)) tell(report.replicaId, report);
    },
  };
}

/** The replicas of this node, as real processes of their engines. */
export function createReplicas({ engines, weights, runFolder, clock, log }: ReplicasDeps): Replicas {
  const replicas = new Map<string, Replica>();
  const tombstones = createTombstones();
  const teller = createTeller();
  const ending = new AbortController();
  const shared = {
    engines,
    weights,
    runFolders: openRunFolders(runFolder),
    loadTurns: createTurns(),
    loadCrashes: createLoadCrashes(clock),
    clock,
    log,
  } satisfies Omit<ReplicaDeps, 'onState'>;

  const create = (spec: ReplicaSpec, after: Promise<void>): Replica => {
    const onState = () => {
      if (replicas.get(spec.replicaId) === replica) teller.tell(spec.replicaId, replica.report());
    };
    const replica = new Replica(spec, { ...shared, onState }, after);
    replicas.set(spec.replicaId, replica);
    teller.tell(spec.replicaId, replica.report());
    return replica;
  };

  const tellNumbers = async () => {
    while (!ending.signal.aborted) {
      await clock.sleep(TELL_NUMBERS_EVERY_MS, ending.signal).catch(() => {});
      for (const replica of replicas.values()) teller.tellNumbers(replica.report());
    }
  };
  void tellNumbers();

  const checkFence = (replicaId: string, fence: number) => {
    const known = replicas.get(replicaId)?.spec.fence ?? -1;
    if (fence < known) throw staleOrder(replicaId, fence, known);
  };

  return {
    list: () => [...replicas.values()].map((replica) => replica.report()),

    put(spec) {
      checkFence(spec.replicaId, spec.fence);
      if (spec.fence <= tombstones.fenceOf(spec.replicaId))
        throw staleOrder(spec.replicaId, spec.fence, tombstones.fenceOf(spec.replicaId));
      if (ending.signal.aborted) throw new ClusterError('shutting_down', 'The agent is stopping.');
      const present = replicas.get(spec.replicaId);
      if (!present) return create(spec, Promise.resolve()).report();
      if (present.spec.fence === spec.fence) return present.report();
      if (present.isFailed || present.isStopping || !isSameWork(present.spec, spec)) return create(spec, present.stop()).report();
      present.renew(spec.fence);
      return present.report();
    },

    async delete(replicaId, fence) {
      checkFence(replicaId, fence);
      const replica = replicas.get(replicaId);
      if (!replica) return undefined;
      tombstones.add(replicaId, fence);
      await replica.stop();
      const report = replica.report();
      if (replicas.get(replicaId) === replica) {
        replicas.delete(replicaId);
        teller.tell(replicaId, undefined);
      }
      return report;
    },

    endpoint(replicaId) {
      const replica = replicas.get(replicaId);
      if (!replica) throw new ClusterError('node_lost', phrase('copy_left_the_node'), { hint: phrase('send_again') });
      return replica.endpoint();
    },

    onChange(listener) {
      teller.listeners.add(listener);
      return () => void teller.listeners.delete(listener);
    },

    async [Symbol.asyncDispose]() {
      ending.abort();
      const stopped = Promise.all([...replicas.values()].map((replica) => replica.stop()));
      const timer = new AbortController();
      const isLate = await Promise.race([stopped.then(() => false), clock.sleep(DISPOSE_WITHIN_MS, timer.signal).then(() => true)]);
      if (isLate) log.error({ withinMs: DISPOSE_WITHIN_MS }, 'Some engine processes did not end in time');
      timer.abort();
    },
  };
}
