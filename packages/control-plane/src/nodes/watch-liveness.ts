import { ClusterError, hintOf, messageOf, phrase, reasons, sentencesOf } from '@cluster-ai/contracts';
import type { Clock, Logger } from '@cluster-ai/runtime';
import { decideLiveness, mostOwnLagMs, type NodeView } from './decide-liveness.ts';
import { applyVerdict, type LiveNode } from './live-node.ts';

export const sweepEveryMs = 250;
/** A link whose node stays silent this long is given up; until then the node may come back on it. */
const giveUpAfterMs = 30_000;

export interface LivenessDeps {
  readonly nodes: ReadonlyMap<string, LiveNode>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly onChanged: (node: LiveNode) => void;
}

/** Looks at every node and acts on what that means. */
export interface LivenessWatch {
  sweep(): void;
  isSuspectingItself(): boolean;
}

const toView = (node: LiveNode, nowMs: number): NodeView => ({
  id: node.record.id,
  hasLink: node.link !== undefined,
  hasAnswered: node.hasAnswered,
  hasConnected: node.lastSeenAtMs !== null,
  saidGoodbye: node.saidGoodbye,
  isApproved: node.record.approvedAt !== null,
  isCopied: node.isCopied,
  silenceMs: nowMs - node.heardAtMs,
  current: node.condition,
});

/** Whoever waits for a lost node waits no longer; the connection stays for when it comes back. */
function giveUpRequests(node: LiveNode): void {
  const story = [phrase('node_was_lost', { node: node.record.name }), ...sentencesOf(messageOf(node.condition))];
  node.link?.failOpenRequests(new ClusterError('node_lost', story, { hint: hintOf(node.condition) }));
  for (const link of node.draining) link.close();
}

export function createLivenessWatch({ nodes, clock, log, onChanged }: LivenessDeps): LivenessWatch {
  let sweptAtMs = clock.monotonic();
  let isSuspecting = false;

  const onVerdict = (node: LiveNode) => {
    const { state, reason } = node.condition;
    log.info({ node: node.record.name, state, reason }, 'The state of a node changed');
    if (state === 'unreachable') giveUpRequests(node);
    onChanged(node);
  };

  return {
    isSuspectingItself: () => isSuspecting,
    sweep() {
      const nowMs = clock.monotonic();
      const ownLagMs = nowMs - sweptAtMs - sweepEveryMs;
      sweptAtMs = nowMs;
      const views = [...nodes.values()].map((node) => toView(node, nowMs));
      const { verdicts, isSuspectingItself } = decideLiveness({ nodes: views, ownLagMs });
      for (const node of nodes.values()) {
        if (ownLagMs > mostOwnLagMs) node.heardAtMs += ownLagMs; // time in which we ourselves stood still does not count
        const verdict = verdicts.get(node.record.id);
        if (verdict && applyVerdict(node, verdict, clock.now())) onVerdict(node);
        if (node.condition.state === 'unreachable' && nowMs - node.heardAtMs > giveUpAfterMs) node.link?.close();
      }
      if (isSuspectingItself !== isSuspecting) log.warn({ isSuspectingItself }, reasons.control_plane_suspect.message);
      isSuspecting = isSuspectingItself;
    },
  };
}
