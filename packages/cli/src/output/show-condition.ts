import type { Condition, State } from '@cluster-ai/contracts';
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
export function explainCondition({ message, hint }: Condition): string {
  return hint === '' ? message : `${message} ${hint}`;
}
