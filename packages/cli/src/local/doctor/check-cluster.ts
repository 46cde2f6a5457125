import type { ClusterClient } from '@cluster-ai/client';
import { type Condition, isClusterError, type Node } from '@cluster-ai/contracts';
import { formatBytes } from '../../output/format.ts';
import { text } from '../../output/language.ts';
import type { Finding, Verdict } from './check.ts';

const verdictOf = ({ state }: Condition): Verdict =>
  state === 'ready' || state === 'asleep' ? 'ok' : state === 'failed' || state === 'unreachable' ? 'failed' : 'warning';

const fromCondition = (name: string, subject: string, condition: Condition): Finding => ({
  name,
  verdict: verdictOf(condition),
  message: text(`${subject}: ${condition.state}. ${condition.message}`, `${subject}: ${condition.state}. ${condition.message}`),
  fix: text(condition.hint, condition.hint),
});

function checkGpu(node: Node): Finding {
  const gpus = node.hardware?.gpus ?? [];
  const names = gpus.map(({ name, memoryBytes }) => `${name} (${formatBytes(memoryBytes)})`).join(', ');
  return {
    name: 'gpu',
    verdict: 'ok',
    message: gpus.length === 0 ? text('none found: models run on the CPU', 'nenhuma: os modelos rodam na CPU') : text(names, names),
    fix: text('', ''),
  };
}

/** What the running cluster says about itself, its listeners and its nodes. */
export async function checkCluster(client: ClusterClient, signal: AbortSignal): Promise<readonly Finding[]> {
  try {
    const [status, nodes] = await Promise.all([client.getClusterStatus({ signal }), client.listNodes({ signal })]);
    const own = nodes.find(({ isLocal }) => isLocal);
    return [
      fromCondition('cluster', status.name, status.condition),
      ...status.listeners.map(({ name, address, condition }) => ({ ...fromCondition(`listener-${name}`, address || name, condition) })),
      ...nodes.map((node) => fromCondition('node', node.name, node.condition)),
      ...(own === undefined ? [] : [checkGpu(own)]),
    ];
  } catch (error) {
    if (!isClusterError(error)) throw error;
    return [
      { name: 'cluster', verdict: 'failed', message: text(error.message, error.message), fix: text(error.hint ?? '', error.hint ?? '') },
    ];
  }
}
