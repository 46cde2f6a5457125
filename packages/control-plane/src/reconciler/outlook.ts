import { type Condition, type Node, phrase, toCondition } from '@cluster-ai/contracts';
import type { Blocked } from '../scheduler/decide-replicas.ts';
import type { Failure } from './failures.ts';
import type { Outlook } from './reconciler.ts';

/** Failures in a row after which waiting for the next try is no use to a caller. */
const PATIENCE = 3;
/** A cluster that has just started has no ready node for some seconds; nobody should be turned away for that. */
const NO_NODE_GRACE_MS = 5000;

export interface BlockedSince extends Blocked {
  readonly sinceMs: number;
}

interface OutlookView {
  readonly digest: string;
  readonly nodes: readonly Node[];
  readonly isOrdered: boolean;
  readonly isWanted: boolean;
  readonly failure: Failure | undefined;
  readonly blocked: BlockedSince | undefined;
  readonly lastRest: Condition | undefined;
  readonly startedAtMs: number;
  readonly nowMs: number;
}

/** The agent goes on trying, but not before a person has done something. */
const needsPerson = ({ reason }: Condition) => reason === 'disk_full';

const waitsFor = (condition: Condition, isFinal = false): Outlook => ({ condition, isFinal, progress: null, nodeName: null });

function findLoading({ digest, nodes }: OutlookView): Outlook | undefined {
  const loading = nodes.flatMap((node) =>
    node.replicas
      .filter((replica) => replica.digest === digest && replica.condition.state === 'starting')
      .map(({ condition, progress }) => ({ condition, isFinal: needsPerson(condition), progress, nodeName: node.name })),
  );
  return loading.toSorted((a, b) => (b.progress ?? 0) - (a.progress ?? 0))[0];
}

function toBlockedOutlook({ refusals, isTemporary, sinceMs }: BlockedSince, nowMs: number): Outlook {
  const particulars = refusals.map(({ said }) => said);
  if (!refusals.some(({ kind }) => kind === 'memory')) {
    const message = particulars.length === 0 ? {} : { message: [phrase('no_node_can_run'), ...particulars] };
    return waitsFor(toCondition('failed', 'no_node', sinceMs, message), nowMs - sinceMs >= NO_NODE_GRACE_MS);
  }
  if (isTemporary)
    return waitsFor(toCondition('starting', 'queued_for_start', sinceMs, { message: [phrase('waits_for_room'), ...particulars] }));
  return waitsFor(toCondition('failed', 'not_enough_memory', sinceMs, { message: [phrase('no_node_has_memory'), ...particulars] }), true);
}

function toFailureOutlook({ condition, isLasting, count, retryAtMs }: Failure, nowMs: number): Outlook {
  return waitsFor(condition, (isLasting || count >= PATIENCE) && retryAtMs > nowMs);
}

/** Why weights do not answer: they load, they failed, there is no room, or nobody asked. Pure. */
export function toOutlook(view: OutlookView): Outlook {
  const loading = findLoading(view);
  if (loading) return loading;
  if (view.isOrdered) return waitsFor(toCondition('starting', 'queued_for_start', view.nowMs));
  if (view.failure) return toFailureOutlook(view.failure, view.nowMs);
  if (view.isWanted && view.blocked) return toBlockedOutlook(view.blocked, view.nowMs);
  if (view.isWanted) return waitsFor(toCondition('starting', 'queued_for_start', view.nowMs));
  return waitsFor(view.lastRest ?? toCondition('asleep', 'not_loaded', view.startedAtMs));
}
