import { confirm as ask, isCancel } from '@clack/prompts';
import { ClusterError } from '@cluster-ai/contracts';
import type { Context } from '../verb.ts';
import { fill, type Text } from './language.ts';

/** Asks before something is lost. Off a terminal, or with `--json`, nothing is asked and `--yes` is required. */
export async function confirm(
  { terminal, isYes, isJson }: Context,
  question: Text,
  values: Readonly<Record<string, string>>,
): Promise<void> {
  if (isYes) return;
  if (isJson || !terminal.isInteractive) {
    throw new ClusterError('invalid_request', 'This changes or removes something, and nobody can be asked here.', {
      hint: 'Add --yes to say so beforehand.',
      param: 'yes',
    });
  }
  const answer = await ask({ message: fill(terminal.say(question), values), initialValue: false });
  if (isCancel(answer) || !answer) throw new ClusterError('cancelled', 'Nothing was changed.');
}
