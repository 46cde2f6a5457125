import type { ClusterClient } from '@cluster-ai/client';
import { ClusterError, type Node } from '@cluster-ai/contracts';
import type { Context } from '../../verb.ts';

/** A machine by its id or its name. Throws `node_not_found` with the names that there are. */
export async function findNode(client: ClusterClient, idOrName: string, signal: AbortSignal): Promise<Node> {
  const nodes = await client.listNodes({ signal });
  const byId = nodes.find(({ id }) => id === idOrName);
  const byName = nodes.filter(({ name }) => name === idOrName);
  if (byId !== undefined) return byId;
  if (byName.length > 1) {
    throw new ClusterError('conflict', `${byName.length} nodes are named "${idOrName}".`, {
      hint: `Name one by its id: ${byName.map(({ id }) => id).join(', ')}`,
    });
  }
  if (byName[0] !== undefined) return byName[0];
  throw new ClusterError('node_not_found', `There is no node "${idOrName}".`, {
    hint: `There are: ${nodes.map(({ name }) => name).join(', ') || 'none'}`,
  });
}

/** For completion: what can be typed where a node is meant. */
export const completeNode = async (context: Context): Promise<readonly string[]> =>
  (await context.connect().listNodes({ signal: context.signal })).map(({ name }) => name);
