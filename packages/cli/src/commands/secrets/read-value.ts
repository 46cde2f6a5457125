import { text as readText } from 'node:stream/consumers';
import { isCancel, password } from '@clack/prompts';
import { ClusterError } from '@cluster-ai/contracts';
import { text } from '../../output/language.ts';
import type { Context } from '../../verb.ts';

const question = text('Value (it is not shown)', 'Valor (não aparece)');

/** A value that nobody else may see: typed unseen or piped in. Never an argument, which every user of the machine could read in `ps`. */
export async function readValue({ terminal, isJson }: Context): Promise<string> {
  if (process.stdin.isTTY !== true) return (await readText(process.stdin)).replace(/\r?\n$/, '');
  if (isJson || !terminal.isInteractive)
    throw new ClusterError('invalid_request', 'The value is read from standard input, and nothing is piped in.', {
      hint: 'Pipe it: cluster-ai secrets set NAME < file',
      param: 'value',
    });
  const answer = await password({ message: terminal.say(question), mask: '•' });
  if (isCancel(answer)) throw new ClusterError('cancelled', 'Nothing was changed.');
  return answer ?? '';
}
