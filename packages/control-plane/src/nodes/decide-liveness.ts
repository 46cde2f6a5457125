import { heartbeat, type ReasonCode, type State } from '@cluster-ai/contracts';

/** One node as the last sweep found it. */
export interface NodeView {
  readonly id: string;
  readonly hasLink: boolean;
  /** In the life of this control plane. */
  readonly hasAnswered: boolean;
  /** Ever, so that a node that only joined is not called lost. */
  readonly hasConnected: boolean;
  readonly saidGoodbye: boolean;
  readonly isApproved: boolean;
  /** Two agents were seen to use its certificate. */
  readonly isCopied: boolean;
  /** Since its last answer; before the first one, since its link opened or this process started. */
  readonly silenceMs: number;
  readonly current: Verdict;
}

export interface LivenessView {
  readonly nodes: readonly NodeView[];
  /** How much later than wished this process got to look. */
  readonly ownLagMs: number;
}

export interface Verdict {
  readonly state: State;
  readonly reason: ReasonCode;
}

export interface Liveness {
  readonly verdicts: ReadonlyMap<string, Verdict>;
  /** More than half of the nodes went silent nearly together: more likely our network than theirs. */
  readonly isSuspectingItself: boolean;
}

/** Beyond this we were not running ourselves, and silence says nothing about others. */
export const mostOwnLagMs = 1000;
/** Nodes that went silent this recently count as lost together. */
const togetherMs = 30_000;
const fewestForSuspicion = 3;

const gravity: Partial<Record<State, number>> = { ready: 0, starting: 1, degraded: 2, unreachable: 3 };
const isWorse = (a: Verdict, b: Verdict) => (gravity[a.state] ?? 0) > (gravity[b.state] ?? 0);

function judge(node: NodeView): Verdict {
  if (!node.hasLink && node.saidGoodbye) return { state: 'stopped', reason: 'agent_stopped' };
  if (!node.hasLink && !node.hasConnected) return { state: 'starting', reason: 'joined' };
  if (node.silenceMs > heartbeat.lostAfterMs) return { state: 'unreachable', reason: 'heartbeat_lost' };
  if (!node.hasAnswered) return { state: 'starting', reason: 'connecting' };
  if (node.silenceMs > heartbeat.lateAfterMs) return { state: 'degraded', reason: 'heartbeat_late' };
  if (!node.hasLink) return { state: 'degraded', reason: 'connecting' };
  if (node.isCopied) return { state: 'degraded', reason: 'certificate_copied' };
  return node.isApproved ? { state: 'ready', reason: 'serving' } : { state: 'starting', reason: 'awaiting_approval' };
}

function isSuspicious(nodes: readonly NodeView[]): boolean {
  const expected = nodes.filter((node) => node.hasAnswered && !node.saidGoodbye && node.silenceMs <= togetherMs);
  const lost = expected.filter((node) => node.silenceMs > heartbeat.lostAfterMs);
  return expected.length >= fewestForSuspicion && lost.length * 2 > expected.length;
}

/** How each node is. Pure: the same view always gives the same verdicts. */
export function decideLiveness({ nodes, ownLagMs }: LivenessView): Liveness {
  const wasAway = ownLagMs > mostOwnLagMs;
  const decide = (node: NodeView) => {
    const verdict = judge(node);
    return wasAway && isWorse(verdict, node.current) ? node.current : verdict;
  };
  return { verdicts: new Map(nodes.map((node) => [node.id, decide(node)])), isSuspectingItself: isSuspicious(nodes) };
}
