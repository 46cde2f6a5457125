import type { Certificate } from '@cluster-ai/contracts';
import { printTable } from '../../output/format.ts';
import { text } from '../../output/language.ts';
import { explainCondition, showCondition } from '../../output/show-condition.ts';
import type { Context } from '../../verb.ts';

const headings = [
  text('FOR', 'PARA'),
  text('WHOSE', 'DE QUEM'),
  text('STATE', 'ESTADO'),
  text('UNTIL', 'ATÉ'),
  text('MADE BY', 'FEITO POR'),
  text('NAMES', 'NOMES'),
];
const purposes = {
  authority: text('authority', 'autoridade'),
  listener: text('listener', 'endereço'),
  node: text('node', 'nó'),
};

export function printCertificates({ terminal }: Context, certificates: readonly Certificate[]): void {
  const rows = certificates.map(({ purpose, owner, condition, expiresAt, source, names, subject }) => [
    terminal.say(purposes[purpose]),
    owner,
    showCondition(terminal, condition),
    new Date(expiresAt).toLocaleString(terminal.language, { dateStyle: 'medium', timeStyle: 'short' }),
    source,
    names.join(', ') || subject,
  ]);
  printTable(terminal, headings.map(terminal.say), rows);
  for (const { owner, condition } of certificates)
    if (condition.state !== 'ready') terminal.progress(`${owner}: ${explainCondition(terminal, condition)}`);
}
