import { ClusterError, type ComputeStatus, computeStatusShape } from '@cluster-ai/contracts';
import { systemClock } from '@cluster-ai/runtime';
import { waitUntil } from '../../local/wait-until.ts';
import { formatPercent } from '../../output/format.ts';
import { fill, text } from '../../output/language.ts';
import { explainCondition } from '../../output/show-condition.ts';
import { type Context, defineVerb } from '../../verb.ts';
import { waitFlags } from '../wait-flags.ts';
import { printCompute } from './print-compute.ts';

const A_DAY_MS = 86_400_000;
const goesOn = text('It goes on by itself: {program} compute status', 'Continua sozinho: {program} compute status');

/** Throws what keeps it from becoming ready, where waiting longer would not help. */
function findReady(status: ComputeStatus): ComputeStatus | undefined {
  const { state, message, hint } = status.condition;
  if (state === 'failed' || state === 'stopped') throw new ClusterError('compute_unavailable', message, { hint });
  return state === 'ready' ? status : undefined;
}

/** Looks until it is ready, and tells each change on the way. Whoever stops watching does not stop it. */
async function follow(context: Context, timeoutMs: number): Promise<ComputeStatus> {
  const { terminal, signal, isJson, program } = context;
  const client = context.connect();
  let last = '';
  const look = async () => {
    const status = await client.getComputeStatus({ signal });
    const done = status.progress === null ? '' : `${formatPercent(status.progress)}  `;
    const line = `${done}${explainCondition(terminal, status.condition)}`;
    if (line !== last && !isJson) terminal.progress(line);
    last = line;
    return findReady(status);
  };
  const otherwise = {
    code: 'compute_unavailable',
    message: `Compute was not ready within ${timeoutMs / 1000} s.`,
    hint: 'It goes on by itself: see "cluster-ai compute status".',
  } as const;
  try {
    return await waitUntil(look, { clock: systemClock, timeoutMs, signal, otherwise });
  } catch (error) {
    if (signal.aborted) terminal.progress(fill(terminal.say(goesOn), { program }));
    throw error;
  }
}

export const computeEnable = defineVerb({
  path: 'compute enable',
  summary: text('Turn the Dask cluster on, and wait until it is ready', 'Liga o cluster Dask e espera ficar pronto'),
  examples: ['cluster-ai compute enable', 'cluster-ai compute enable --wait ready --timeout 600 --json'],
  flags: waitFlags,
  output: computeStatusShape,
  async run(context, _positionals, { wait, timeout }) {
    const begun = await context.connect().enableCompute({ signal: context.signal });
    if (wait === undefined && context.isJson) return begun;
    return follow(context, wait === undefined ? A_DAY_MS : timeout * 1000);
  },
  print: printCompute,
});
