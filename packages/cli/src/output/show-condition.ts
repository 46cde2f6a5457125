import { type Condition, hintOf, messageOf, phrasesIn, type State } from '@cluster-ai/contracts';
import { sayOr } from './say-phrases.ts';
import type { Terminal } from './terminal.ts';

const styles: Readonly<Record<State, 'green' | 'yellow' | 'red' | 'dim'>> = {
  ready: 'green',
  starting: 'yellow',
  degraded: 'yellow',
  draining: 'yellow',
  asleep: 'dim',
  unreachable: 'red',
  failed: 'red',
  stopped: 'dim',
};

/** The state and, unless all is well, its reason: nobody sees a state without one. */
export function showCondition(terminal: Terminal, { state, reason }: Condition): string {
  return `${terminal.style(styles[state], state)}${state === 'ready' ? '' : ` (${reason})`}`;
}

/** The reason as a sentence with the next step, for those who look at one thing. */
export function explainCondition(terminal: Terminal, condition: Condition): string {
  const message = sayOr(terminal, phrasesIn(messageOf(condition)), condition.message);
  const hint = sayOr(terminal, phrasesIn(hintOf(condition)), condition.hint);
  return hint === '' ? message : `${message} ${hint}`;
}
