import type { WorkerSpec } from '@cluster-ai/contracts';
import type { Reach } from './decide-workers.ts';

/** Another try after this: somebody may have opened the way. */
const tryAgainAfterMs = 10 * 60_000;

/** What this process knows of a node as a place for a worker. */
export interface KnownNode {
  reach: Reach;
  /** What stands in the way. */
  obstacle: string;
  triedAtMs: number;
  /** Of the link, when it was tried: another address is another way. */
  address: string;
  order: WorkerSpec | undefined;
  orderedAtMs: number;
  certificateUntilMs: number;
  isBusy: boolean;
}

export function createKnownNodes(now: () => number) {
  const known = new Map<string, KnownNode>();

  const forget = (node: KnownNode, address: string) => {
    node.reach = 'unknown';
    node.address = address;
  };

  return {
    of(nodeId: string, address: string): KnownNode {
      let node = known.get(nodeId);
      if (node === undefined) {
        node = {
          reach: 'unknown',
          obstacle: '',
          triedAtMs: 0,
          address,
          order: undefined,
          orderedAtMs: 0,
          certificateUntilMs: 0,
          isBusy: false,
        };
        known.set(nodeId, node);
      }
      const isOld = node.reach === 'not_reachable' && now() - node.triedAtMs > tryAgainAfterMs;
      if (!node.isBusy && (node.address !== address || isOld)) forget(node, address);
      return node;
    },
    find: (nodeId: string): KnownNode | undefined => known.get(nodeId),
    /** Nodes that were removed are nobody's business any more. */
    keepOnly(nodeIds: ReadonlySet<string>): void {
      for (const id of known.keys()) if (!nodeIds.has(id)) known.delete(id);
    },
    ordered: (): readonly string[] => [...known].flatMap(([id, { order }]) => (order === undefined ? [] : [id])),
  };
}
