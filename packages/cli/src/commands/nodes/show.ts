import { type Node, nodeShape } from '@cluster-ai/contracts';
import { systemClock } from '@cluster-ai/runtime';
import { waitUntil } from '../../local/wait-until.ts';
import { formatAge, formatBytes, formatHardware, formatPercent } from '../../output/format.ts';
import { text } from '../../output/language.ts';
import { explainCondition, showCondition } from '../../output/show-condition.ts';
import { type Context, defineVerb } from '../../verb.ts';
import { waitFlags } from '../wait-flags.ts';
import { completeNode, findNode } from './find-node.ts';

const texts = {
  state: text('State', 'Estado'),
  machine: text('Machine', 'Máquina'),
  load: text('Load', 'Carga'),
  disk: text('Disk', 'Disco'),
  free: text('free', 'livres'),
  seen: text('Seen', 'Visto'),
  ago: text('ago', 'atrás'),
  never: text('never', 'nunca'),
  address: text('Address', 'Endereço'),
  agent: text('Agent', 'Agente'),
  model: text('Model', 'Modelo'),
};

function print({ terminal }: Context, node: Node): void {
  const line = (label: keyof typeof texts, value: string) => terminal.data(`${terminal.say(texts[label]).padEnd(9)} ${value}`);
  const { hardware, metrics } = node;
  terminal.data(`${terminal.style('bold', node.name)}  ${node.id}`);
  line('state', `${showCondition(terminal, node.condition)}  ${explainCondition(terminal, node.condition)}`);
  if (hardware !== null) line('machine', formatHardware(hardware));
  if (metrics !== null) {
    line(
      'load',
      `CPU ${formatPercent(metrics.cpuUtilization)} · ${formatBytes(metrics.memoryUsedBytes)} · ${Math.round(metrics.tokensPerSecond)} tokens/s`,
    );
    line('disk', `${formatBytes(metrics.diskFreeBytes)} ${terminal.say(texts.free)}`);
  }
  line(
    'seen',
    node.lastSeenAt === null
      ? terminal.say(texts.never)
      : `${formatAge(Date.parse(node.lastSeenAt), Date.now())} ${terminal.say(texts.ago)}`,
  );
  line('address', node.address || '-');
  line('agent', node.agentVersion);
  for (const { model, condition } of node.replicas) line('model', `${model}  ${showCondition(terminal, condition)}`);
}

export const nodesShow = defineVerb({
  path: 'nodes show',
  summary: text('Show one machine', 'Mostra uma máquina'),
  examples: ['cluster-ai nodes show laptop', 'cluster-ai nodes show laptop --wait ready --timeout 30'],
  positionals: [{ name: '<node>', description: text('Its name or id', 'O nome ou id'), complete: completeNode }],
  flags: waitFlags,
  output: nodeShape,
  async run(context, [name = ''], { wait, timeout }) {
    const look = () => findNode(context.connect(), name, context.signal);
    if (wait === undefined) return look();
    return waitUntil(async () => [await look()].find(({ condition }) => condition.state === 'ready'), {
      clock: systemClock,
      timeoutMs: timeout * 1000,
      signal: context.signal,
      otherwise: {
        code: 'no_ready_node',
        message: `The node "${name}" was not ready within ${timeout} s.`,
        hint: `See "cluster-ai nodes show ${name}".`,
      },
    });
  },
  print,
});
