import { connect } from 'node:net';
import { isClusterError } from '@cluster-ai/contracts';
import { errnoOf } from '@cluster-ai/runtime';
import type { WorkerOrders } from '../../nodes/nodes.ts';

const tryMs = 3000;
/** Others that are asked to dial a new one, and that it dials: enough to find a wall between two networks. */
const mostPeers = 5;

export interface Place {
  readonly host: string;
  readonly port: number;
}

export interface Peer {
  readonly nodeId: string;
  readonly name: string;
  /** Where its worker listens. */
  readonly place: Place;
}

export interface ReachDeps {
  readonly nodes: Pick<WorkerOrders, 'probe' | 'listenForProbe'>;
  readonly scheduler: Place;
}

/** Whether this process reaches a place: an empty text, or what stands in the way. */
function dial({ host, port }: Place): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const answer = (problem: string) => {
      socket.destroy();
      resolve(problem);
    };
    socket.setTimeout(tryMs, () => answer('ETIMEDOUT'));
    socket.once('connect', () => answer(''));
    socket.on('error', (error) => answer(errnoOf(error) ?? error.message));
  });
}

const toText = ({ host, port }: Place) => `${host}:${port}`;

/**
 * Whether a worker on a node and the others would find each other. It listens where its worker would; the scheduler's machine and some other
 * workers' nodes dial it, and it dials them. An empty text, or what stands in the way.
 */
export async function tryReach({ nodes, scheduler }: ReachDeps, nodeId: string, wish: Place, peers: readonly Peer[]): Promise<string> {
  const from = async (asked: string, place: Place, who: string) => {
    const { isReachable, message } = await nodes.probe(asked, { ...place, timeoutMs: tryMs });
    return isReachable ? '' : `${who} ${toText(place)} (${message})`;
  };
  try {
    const place = await nodes.listenForProbe(nodeId, wish);
    const others = peers.slice(0, mostPeers);
    const problems = await Promise.all([
      dial(place).then((problem) => (problem === '' ? '' : `the scheduler’s machine does not reach it at ${toText(place)} (${problem})`)),
      from(nodeId, scheduler, 'it does not reach the scheduler at'),
      ...others.map((peer) => from(peer.nodeId, place, `${peer.name} does not reach it at`)),
      ...others.map((peer) => from(nodeId, peer.place, `it does not reach ${peer.name} at`)),
    ]);
    return problems.find((problem) => problem !== '') ?? '';
  } catch (error) {
    if (isClusterError(error)) return error.message;
    throw error;
  }
}
