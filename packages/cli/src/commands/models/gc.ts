import { collectedGarbageShape } from '@cluster-ai/contracts';
import { z } from 'zod';
import { formatBytes } from '../../output/format.ts';
import { fill, text } from '../../output/language.ts';
import { defineVerb, flag } from '../../verb.ts';

const nothing = text('Nothing to remove.', 'Nada para remover.');
const removed = text('Removed {count} files; {size} are free again.', '{count} arquivos removidos; {size} livres de novo.');

export const modelsGc = defineVerb({
  path: 'models gc',
  summary: text('Remove the files that no version needs any more', 'Remove os arquivos de que nenhuma versão precisa mais'),
  examples: ['cluster-ai models gc', 'cluster-ai models gc --now --json'],
  flags: {
    now: flag(
      '--now',
      z.boolean().default(false),
      text('Also what has not been needed for less than a day', 'Também o que deixou de ser preciso há menos de um dia'),
    ),
  },
  output: collectedGarbageShape,
  run: (context, _, { now }) => context.connect().collectGarbage({ now }, { signal: context.signal }),
  print({ terminal }, { blobs, bytes, orphans }) {
    const count = blobs + orphans;
    terminal.data(count === 0 ? terminal.say(nothing) : fill(terminal.say(removed), { count, size: formatBytes(bytes) }));
  },
});
