import { type AuditVerification, type auditProblemKinds, auditVerificationShape } from '@cluster-ai/contracts';
import { z } from 'zod';
import { exitCodes } from '../../output/exit-codes.ts';
import { fill, type Text, text } from '../../output/language.ts';
import { type Context, defineVerb, flag } from '../../verb.ts';
import { readCheckpoints } from './read-checkpoints.ts';

const texts = {
  intact: text(
    'Intact: {entries} entries ({first} to {last}), {checkpoints} checkpoints compared.',
    'Íntegro: {entries} entradas ({first} a {last}), {checkpoints} pontos de controle comparados.',
  ),
  empty: text('Intact: there is no entry yet.', 'Íntegro: ainda não há nenhuma entrada.'),
  broken: text('Broken at entry {sequence}: {what}.', 'Quebrado na entrada {sequence}: {what}.'),
  next: text(
    'Before it everything is as it was written. What can be trusted of the rest: the newest backup from before it, and copies of checkpoints.',
    'Antes dela está tudo como foi gravado. Do resto, vale o que há no backup mais novo de antes dela e em cópias dos pontos de controle.',
  ),
};

const kinds: Readonly<Record<(typeof auditProblemKinds)[number], Text>> = {
  edited: text('it was edited', 'foi editada'),
  removed: text('it was removed', 'foi removida'),
  reordered: text('another entry is in its place', 'outra entrada está no lugar dela'),
  added: text('somebody else has added it', 'foi acrescentada por outra pessoa'),
  cut_off: text('the end was cut off', 'o fim foi cortado'),
  unsealed: text('the ends of the record do not carry the seal of this cluster', 'os extremos do registro não têm o selo deste cluster'),
  checkpoint: text('a checkpoint is not signed by this cluster', 'um ponto de controle não foi assinado por este cluster'),
};

function print({ terminal }: Context, { entries, firstSequence, lastSequence, checkpoints, problem }: AuditVerification): void {
  if (problem === null) {
    const values = { entries, first: firstSequence ?? 0, last: lastSequence ?? 0, checkpoints };
    terminal.data(fill(terminal.say(entries === 0 ? texts.empty : texts.intact), values));
    return;
  }
  const { sequence, kind, message } = problem;
  terminal.data(terminal.style('red', fill(terminal.say(texts.broken), { sequence, what: terminal.say(kinds[kind]) })));
  terminal.data(`  ${message}`);
  terminal.data(terminal.say(texts.next));
}

export const auditVerify = defineVerb({
  path: 'audit verify',
  summary: text(
    'See whether somebody changed the record; ends with 1 if so',
    'Verifica se alguém alterou o registro; se sim, termina com 1',
  ),
  examples: [
    'cluster-ai audit verify',
    'cluster-ai audit verify --json || echo changed',
    'cluster-ai audit verify --checkpoints /var/log/cluster-ai.log',
  ],
  flags: {
    checkpoints: flag(
      '--checkpoints <file>',
      z.string().optional(),
      text(
        'Compare with a copy of the checkpoints that was kept elsewhere: JSON lines, or the log of a syslog server',
        'Compara com uma cópia dos pontos de controle guardada em outro lugar: linhas JSON, ou o log de um servidor syslog',
      ),
    ),
  },
  output: auditVerificationShape,
  async run(context, _positionals, { checkpoints }) {
    const copies = checkpoints === undefined ? [] : await readCheckpoints(checkpoints);
    return context.connect().verifyAudit({ checkpoints: copies, signal: context.signal });
  },
  print,
  exitCode: ({ isIntact }) => (isIntact ? exitCodes.ok : exitCodes.error),
});
