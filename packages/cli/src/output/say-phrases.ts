import { type Phrase, portugueseHints, portuguesePhrases, portugueseReasons, sayPhrases } from '@cluster-ai/contracts';
import { formatBytes } from './format.ts';
import type { Terminal } from './terminal.ts';

const portugueseFormat = {
  bytes: formatBytes,
  memory: formatBytes,
  state: (state: string) => state, // states are codes here, as in every other line
  reason: (reason: keyof typeof portugueseReasons) => portugueseReasons[reason],
  hint: (reason: keyof typeof portugueseHints) => portugueseHints[reason],
};

/** What the server said by codes, in the reader's language; its own English where there are no codes, or none that we know. */
export function sayOr(
  { language, tell }: Pick<Terminal, 'language' | 'tell'>,
  said: readonly Phrase[] | undefined,
  english: string,
): string {
  if (language === 'en' || said === undefined || said.length === 0) return tell(english);
  return tell(sayPhrases(said, portuguesePhrases, portugueseFormat) ?? english);
}
