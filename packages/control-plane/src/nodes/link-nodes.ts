import type { TLSSocket } from 'node:tls';
import { type AgentReport, agentPaths } from '@cluster-ai/contracts';
import type { Clock, Logger } from '@cluster-ai/runtime';
import { type Beat, followReports, sendBeats } from './follow-node.ts';
import type { LiveNode } from './live-node.ts';
import { type NodeLink, openNodeLink } from './node-link.ts';
import { withDeadline } from './with-deadline.ts';

const farewellMs = 1000;

export interface NodeLinksDeps {
  readonly onBeat: (node: LiveNode, beat: Beat) => void;
  readonly onReport: (node: LiveNode, report: AgentReport) => void;
  /** A link came or went. */
  readonly onLinkChange: (node: LiveNode) => void;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** Keeps each node's newest link, and lets replaced ones finish their work. */
export interface NodeLinks {
  accept(node: LiveNode, socket: TLSSocket): void;
  /** For an agent whose node was removed: it is told to stop, and its connection closed. */
  sayFarewell(link: NodeLink): void;
}

export function createNodeLinks({ onBeat, onReport, onLinkChange, clock, log, signal }: NodeLinksDeps): NodeLinks {
  const stopFollowing = new WeakMap<NodeLink, () => void>();

  const follow = (node: LiveNode, link: NodeLink) => {
    const over = new AbortController();
    const until = AbortSignal.any([signal, over.signal]);
    const isFollowed = () => node.link === link && !until.aborted;
    const deps = {
      clock,
      log: log.child({ node: node.record.name }),
      onBeat: (beat: Beat) => isFollowed() && onBeat(node, beat),
      onReport: (report: AgentReport) => isFollowed() && onReport(node, report),
    };
    stopFollowing.set(link, () => over.abort(new Error('The link is no longer used')));
    void sendBeats(link, deps, until);
    void followReports(link, deps, until);
  };

  /** A node that was silent has nothing to finish: its old connection leads nowhere. */
  const replace = (node: LiveNode, previous: NodeLink) => {
    stopFollowing.get(previous)?.(); // its endless stream of reports would keep it from closing
    if (node.condition.state === 'unreachable') return previous.close();
    node.draining.add(previous);
    previous.drain();
    void previous.closed.then(() => node.draining.delete(previous));
  };

  const onClosed = (node: LiveNode, link: NodeLink) => {
    stopFollowing.get(link)?.();
    if (node.link !== link) return;
    node.link = undefined;
    log.info({ node: node.record.name }, 'The link to a node closed');
    onLinkChange(node);
  };

  return {
    accept(node, socket) {
      const link = openNodeLink(socket, node.record.name);
      if (node.link) replace(node, node.link);
      node.link = link;
      node.lastAddress = link.address;
      node.saidGoodbye = false;
      if (!node.hasAnswered) node.heardAtMs = clock.monotonic(); // the wait for its first answer begins
      follow(node, link);
      void link.closed.then(() => onClosed(node, link));
      log.info({ node: node.record.name, address: link.address }, 'A node connected');
      onLinkChange(node);
    },
    sayFarewell(link) {
      stopFollowing.get(link)?.();
      const body = Buffer.from(JSON.stringify({ reason: 'removed' }));
      void withDeadline(clock, farewellMs, signal, (until) => link.request({ method: 'POST', path: agentPaths.stop, body, signal: until }))
        .catch(() => {}) // it may be gone already, which is as good
        .finally(link.close);
    },
  };
}
