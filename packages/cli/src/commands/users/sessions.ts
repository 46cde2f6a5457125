import { sessionShape } from '@cluster-ai/contracts';
import { z } from 'zod';
import { confirm } from '../../output/confirm.ts';
import { formatAge, printTable } from '../../output/format.ts';
import { fill, text } from '../../output/language.ts';
import { type Context, defineVerb, flag } from '../../verb.ts';
import { person } from './print-people.ts';

const headings = [text('SEEN', 'VISTA'), text('FROM', 'DE'), text('SINCE', 'DESDE'), text('PROGRAM', 'PROGRAMA')];
const texts = {
  none: text('"{name}" is not signed in anywhere.', '"{name}" não está com nenhuma sessão aberta.'),
  question: text('Sign "{name}" out everywhere?', 'Encerrar todas as sessões de "{name}"?'),
  ended: text('"{name}" is signed out everywhere.', 'Todas as sessões de "{name}" foram encerradas.'),
};

const outputShape = z.object({ name: z.string(), ended: z.boolean(), sessions: z.array(sessionShape) });

function print({ terminal }: Context, { name, ended, sessions }: z.infer<typeof outputShape>): void {
  if (ended) return void terminal.data(fill(terminal.say(texts.ended), { name }));
  if (sessions.length === 0) return void terminal.data(fill(terminal.say(texts.none), { name }));
  const now = Date.now();
  printTable(
    terminal,
    headings.map(terminal.say),
    sessions.map(({ lastSeenAt, address, createdAt, program }) => [
      formatAge(Date.parse(lastSeenAt), now),
      address,
      formatAge(Date.parse(createdAt), now),
      program.slice(0, 60) || '-',
    ]),
  );
}

export const usersSessions = defineVerb({
  path: 'users sessions',
  summary: text('Show where somebody is signed in, or sign them out everywhere', 'Mostra onde alguém entrou, ou encerra todas as sessões'),
  examples: ['cluster-ai users sessions bia', 'cluster-ai users sessions bia --end --yes'],
  positionals: [person],
  flags: { end: flag('--end', z.boolean().default(false), text('End all of them', 'Encerra todas')) },
  output: outputShape,
  async run(context, [name = ''], { end }) {
    const client = context.connect();
    if (end) {
      await confirm(context, texts.question, { name });
      await client.endSessionsOf(name, { signal: context.signal });
    }
    return { name, ended: end, sessions: [...(await client.listSessionsOf(name, { signal: context.signal }))] };
  },
  print,
});
