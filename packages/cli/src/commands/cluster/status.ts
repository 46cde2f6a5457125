import { type ClusterStatus, clusterStatusShape, isClusterError, type Node, nodeShape } from '@cluster-ai/contracts';
import { systemClock } from '@cluster-ai/runtime';
import { z } from 'zod';
import { askHolder, controlSocketPath, holderShape } from '../../local/control-socket.ts';
import { waitUntil } from '../../local/wait-until.ts';
import { formatPercent } from '../../output/format.ts';
import { text } from '../../output/language.ts';
import { explainCondition, showCondition } from '../../output/show-condition.ts';
import { type Context, defineVerb } from '../../verb.ts';
import { printNodes } from '../nodes/print-nodes.ts';
import { waitFlags } from '../wait-flags.ts';

const statusShape = z.object({
  process: holderShape.nullable().describe('What holds this data folder; null with --url.'),
  cluster: clusterStatusShape.nullable().describe('null on a machine that only joined.'),
  nodes: z.array(nodeShape),
});
type Status = z.infer<typeof statusShape>;

const texts = {
  cluster: text('Cluster', 'Cluster'),
  address: text('Address', 'Endereço'),
  folder: text('Data', 'Dados'),
  load: text('Load', 'Carga'),
  models: text('Models', 'Modelos'),
  memory: text('memory', 'memória'),
  requests: text('requests', 'requisições'),
  waiting: text('waiting', 'na fila'),
  running: text('loaded', 'carregados'),
  agent: text('Agent', 'Agente'),
};

async function look(context: Context): Promise<Status> {
  const holder = context.isRemote ? undefined : await askHolder(controlSocketPath(context.folder), 'describe');
  if (holder?.role === 'join') return { process: holder, cluster: null, nodes: [] };
  const client = context.connect();
  const options = { signal: context.signal };
  const [cluster, nodes] = await Promise.all([client.getClusterStatus(options), client.listNodes(options)]);
  return { process: holder ?? null, cluster, nodes: [...nodes] };
}

const isReady = ({ process, cluster }: Status) =>
  cluster === null ? process?.agent.state === 'connected' : cluster.condition.state === 'ready';

/** Not running yet counts as not ready: whoever waits has just started it. */
async function lookPatiently(context: Context): Promise<Status | undefined> {
  try {
    const status = await look(context);
    return isReady(status) ? status : undefined;
  } catch (error) {
    if (isClusterError(error) && error.code === 'not_running') return undefined;
    throw error;
  }
}

function printCluster({ terminal, address }: Context, cluster: ClusterStatus): void {
  const line = (label: keyof typeof texts, value: string) => terminal.data(`${terminal.say(texts[label]).padEnd(10)} ${value}`);
  line('cluster', `${cluster.name}  ${showCondition(terminal, cluster.condition)}`);
  if (cluster.condition.state !== 'ready') terminal.data(`           ${explainCondition(terminal, cluster.condition)}`);
  line('address', address());
  line('folder', cluster.data_folder);
  const { cpu_utilization, memory_usage, active_tasks, queued_tasks, tokens_per_second } = cluster;
  const requests = `${active_tasks} ${terminal.say(texts.requests)} (${queued_tasks} ${terminal.say(texts.waiting)})`;
  line(
    'load',
    `CPU ${formatPercent(cpu_utilization)} · ${terminal.say(texts.memory)} ${formatPercent(memory_usage)} · ${requests} · ${Math.round(tokens_per_second)} tokens/s`,
  );
  line('models', `${cluster.models} (${cluster.running_models} ${terminal.say(texts.running)})`);
}

function printStatus(context: Context, { process, cluster, nodes }: Status): void {
  const { terminal } = context;
  if (cluster === null) {
    terminal.data(`${terminal.say(texts.agent)} ${process?.agent.name ?? ''} ${process?.agent.state}: ${process?.agent.message}`);
    return;
  }
  printCluster(context, cluster);
  terminal.data('');
  printNodes(context, nodes as readonly Node[]);
}

export const status = defineVerb({
  path: 'status',
  summary: text('Show how the cluster is', 'Mostra como está o cluster'),
  examples: ['cluster-ai status', 'cluster-ai status --json', 'cluster-ai status --wait ready --timeout 60'],
  flags: waitFlags,
  output: statusShape,
  async run(context, _positionals, { wait, timeout }) {
    if (wait === undefined) return look(context);
    return waitUntil(() => lookPatiently(context), {
      clock: systemClock,
      timeoutMs: timeout * 1000,
      signal: context.signal,
      otherwise: {
        code: 'no_ready_node',
        message: `The cluster was not ready within ${timeout} s.`,
        hint: 'See "cluster-ai status" and "cluster-ai logs".',
      },
    });
  },
  print: printStatus,
});
