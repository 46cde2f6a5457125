import { operationListShape } from '@cluster-ai/contracts';
import { formatAge, formatBytes, formatPercent, printTable } from '../../output/format.ts';
import { text } from '../../output/language.ts';
import { defineVerb } from '../../verb.ts';
import { phaseTexts } from './follow-operation.ts';

const headings = [
  text('ID', 'ID'),
  text('WHAT', 'O QUÊ'),
  text('STATE', 'ESTADO'),
  text('PROGRESS', 'PROGRESSO'),
  text('BYTES', 'BYTES'),
  text('BEGAN', 'INÍCIO'),
  text('REASON', 'MOTIVO'),
];
const states = {
  queued: text('waits', 'espera'),
  running: text('runs', 'em andamento'),
  done: text('done', 'pronta'),
  failed: text('failed', 'falhou'),
  cancelled: text('cancelled', 'cancelada'),
};

export const operationsLs = defineVerb({
  path: 'operations ls',
  summary: text('List long work: imports and pushes', 'Lista trabalhos longos: importações e envios'),
  examples: ['cluster-ai operations ls'],
  output: operationListShape,
  run: async (context) => ({ operations: [...(await context.connect().listOperations({ signal: context.signal }))] }),
  print({ terminal }, { operations }) {
    const rows = operations.map(({ id, kind, reference, state, phase, progress, bytesDone, startedAt, reason }) => [
      id,
      `${kind} ${reference}`,
      state === 'running' ? terminal.say(phaseTexts[phase]) : terminal.say(states[state]),
      formatPercent(progress),
      formatBytes(bytesDone),
      formatAge(Date.parse(startedAt), Date.now()),
      reason?.message ?? '',
    ]);
    printTable(terminal, headings.map(terminal.say), rows);
  },
});
