import { type Config, defaultConfig, isClusterError } from '@cluster-ai/contracts';
import { z } from 'zod';
import { askHolder, controlSocketPath, type Holder } from '../../local/control-socket.ts';
import type { Finding } from '../../local/doctor/check.ts';
import { checkCluster } from '../../local/doctor/check-cluster.ts';
import { checkCompute } from '../../local/doctor/check-compute.ts';
import { checkClock, checkDataFolder, checkDisk, checkEngine, checkMemory, checkNode } from '../../local/doctor/check-machine.ts';
import { checkPorts } from '../../local/doctor/check-ports.ts';
import { exitCodes } from '../../output/exit-codes.ts';
import { pick, text } from '../../output/language.ts';
import { type Context, defineVerb, flag } from '../../verb.ts';
import { readConfig } from '../config/read-config.ts';

const reportShape = z.object({
  healthy: z.boolean().describe('No check failed; warnings are allowed.'),
  checks: z.array(
    z.object({
      name: z.string(),
      verdict: z.enum(['ok', 'warning', 'failed']),
      message: z.string(),
      fix: z.string().describe('What to do; empty where there is nothing.'),
    }),
  ),
});

const nothing = text('', '');
const marks = { ok: ['✔', 'green'], warning: ['!', 'yellow'], failed: ['✘', 'red'] } as const;

function describeHolder(holder: Holder | undefined): Finding {
  if (holder === undefined)
    return {
      name: 'process',
      verdict: 'ok',
      message: text('Nothing runs in this data folder.', 'Nada roda nesta pasta de dados.'),
      fix: nothing,
    };
  const { role, pid, agent } = holder;
  const isFine = agent.state === 'connected';
  const facts = `${role} (${pid}), agent ${agent.state}`;
  return {
    name: 'process',
    verdict: isFine ? 'ok' : 'warning',
    message: text(`${facts}. ${isFine ? '' : agent.message}`.trim(), `${facts}. ${isFine ? '' : agent.message}`.trim()),
    fix: isFine ? nothing : text('See "cluster-ai logs agent".', 'Veja "cluster-ai logs agent".'),
  };
}

async function checkConfig({ folder }: Context): Promise<{ readonly config: Config; readonly finding: Finding }> {
  try {
    const { config, exists } = await readConfig(folder.config);
    const message = exists ? text(folder.config, folder.config) : text('none: everything is as it comes', 'nenhuma: tudo está como vem');
    return { config, finding: { name: 'config', verdict: 'ok', message, fix: nothing } };
  } catch (error) {
    if (!isClusterError(error)) throw error;
    const fix = text(error.hint ?? '', error.hint ?? '');
    return { config: defaultConfig(), finding: { name: 'config', verdict: 'failed', message: text(error.message, error.message), fix } };
  }
}

async function examine(context: Context): Promise<readonly Finding[]> {
  const { folder, isRemote, signal } = context;
  if (isRemote) return checkCluster(context.connect(), signal);
  const holder = await askHolder(controlSocketPath(folder), 'describe');
  const { config, finding } = await checkConfig(context);
  const machine = await Promise.all([checkNode(), checkDataFolder(folder), checkDisk(folder), checkMemory(), checkEngine(), checkClock()]);
  const running = holder?.url ? await checkCluster(context.connect(), signal) : [];
  const ports = holder === undefined ? await checkPorts(config.listeners) : [];
  return [...machine, finding, describeHolder(holder), ...ports, ...running];
}

export const doctor = defineVerb({
  path: 'doctor',
  summary: text('Look for what is wrong, and say how to mend it', 'Procura o que está errado e diz como consertar'),
  examples: ['cluster-ai doctor', 'cluster-ai doctor --json', 'cluster-ai doctor --compute'],
  flags: {
    compute: flag(
      '--compute',
      z.boolean().default(false),
      text('Run a little of everything on the Dask cluster, too', 'Roda também um pouco de tudo no cluster Dask'),
    ),
  },
  output: reportShape,
  async run(context, _positionals, { compute }) {
    const findings = [...(await examine(context)), ...(compute ? await checkCompute(context) : [])];
    // JSON is never translated
    const say = context.isJson
      ? (message: Finding['message']) => message.en
      : (message: Finding['message']) => pick(context.terminal.language, message);
    return {
      healthy: findings.every(({ verdict }) => verdict !== 'failed'),
      checks: findings.map(({ name, verdict, message, fix }) => ({ name, verdict, message: say(message), fix: say(fix) })),
    };
  },
  print({ terminal }, { checks }) {
    const width = Math.max(...checks.map(({ name }) => name.length));
    for (const { name, verdict, message, fix } of checks) {
      const [mark, style] = marks[verdict];
      terminal.data(`${terminal.style(style, mark)} ${name.padEnd(width)}  ${message}`);
      if (fix !== '') terminal.data(`  ${' '.repeat(width)}  → ${fix}`);
    }
  },
  exitCode: ({ healthy }) => (healthy ? exitCodes.ok : exitCodes.error),
});
