import { ClusterError } from '@cluster-ai/contracts';
import { systemClock } from '@cluster-ai/runtime';
import { z } from 'zod';
import { askHolder, controlSocketPath } from '../../local/control-socket.ts';
import { identify } from '../../local/process-records.ts';
import { waitUntil } from '../../local/wait-until.ts';
import { fill, text } from '../../output/language.ts';
import { defineVerb } from '../../verb.ts';

const STOPS_WITHIN_MS = 10_000;

const stopped = text('Stopped (process {pid}).', 'Parado (processo {pid}).');

export const down = defineVerb({
  path: 'down',
  summary: text('Stop what runs in this data folder', 'Para o que roda nesta pasta de dados'),
  examples: ['cluster-ai down', 'cluster-ai down --data-dir ./data'],
  output: z.object({ stopped: z.literal(true), pid: z.int() }),
  async run({ folder, signal }) {
    const holder = await askHolder(controlSocketPath(folder), 'stop');
    if (holder === undefined) {
      throw new ClusterError('not_running', `Nothing runs in ${folder.root}.`, {
        hint: 'Another folder is named by --data-dir or CLUSTER_AI_HOME.',
      });
    }
    await waitUntil(async () => ((await identify(holder.pid)) === undefined ? true : undefined), {
      clock: systemClock,
      timeoutMs: STOPS_WITHIN_MS,
      signal,
      otherwise: { code: 'in_use', message: `Process ${holder.pid} did not end.`, hint: `End it with: kill -9 ${holder.pid}` },
    });
    return { stopped: true as const, pid: holder.pid };
  },
  print: ({ terminal }, { pid }) => terminal.data(fill(terminal.say(stopped), { pid })),
});
