import type { DataKey, SecretsStatus } from '@cluster-ai/contracts';
import { formatAge, printTable } from '../../output/format.ts';
import { fill, text } from '../../output/language.ts';
import type { Context } from '../../verb.ts';

const sources = {
  credential: text('a systemd credential', 'uma credencial do systemd'),
  environment: text('CLUSTER_AI_KEY', 'CLUSTER_AI_KEY'),
  file: text('secrets/master.key of the data folder', 'secrets/master.key da pasta de dados'),
};
const headings = [
  text('KEY FOR', 'CHAVE PARA'),
  text('VERSION', 'VERSÃO'),
  text('AGE', 'IDADE'),
  text('USES', 'USOS'),
  text('STATE', 'ESTADO'),
];
const texts = {
  master: text('Master key {id}, from {source}, {age} old', 'Chave mestra {id}, de {source}, com {age}'),
  inUse: text('in use', 'em uso'),
  leaving: text('until nothing needs it', 'até nada precisar dela'),
  dueByAge: text('replace it: older than 90 days', 'troque-a: mais de 90 dias'),
  dueByUses: text('replace it: used very often', 'troque-a: usada demais'),
  sealing: text(
    'The key for {purpose} is being replaced: {done} values so far.',
    'A chave para {purpose} está sendo trocada: {done} valores até agora.',
  ),
  settling: text(
    'The key for {purpose} was replaced ({done} values); the earlier one goes in a moment.',
    'A chave para {purpose} foi trocada ({done} valores); a anterior sai em instantes.',
  ),
  unreadable: text('{count} values do not open with it.', '{count} valores não abrem com ela.'),
  chatsSealed: text('Chats and messages lie sealed: {count}.', 'Conversas e mensagens seladas: {count}.'),
  beingSealed: text('Being sealed: {count} left.', 'Sendo seladas: faltam {count}.'),
  beingOpened: text(
    'They are being opened, but for those whose keys are gone: {count} left.',
    'Estão sendo abertas, menos as que perderam as chaves: faltam {count}.',
  ),
  rotate: text('Replace keys: {program} secrets rotate', 'Trocar chaves: {program} secrets rotate'),
};

function toState({ isActive, rotationDue }: DataKey) {
  if (!isActive) return texts.leaving;
  return { no: texts.inUse, age: texts.dueByAge, uses: texts.dueByUses }[rotationDue];
}

/** The keys, and what is being replaced. */
export function printStatus({ terminal, program }: Context, { masterKey, dataKeys, rotations, chats }: SecretsStatus): void {
  const now = Date.now();
  const age = (at: string) => formatAge(Date.parse(at), now);
  const { id, source, createdAt } = masterKey;
  terminal.data(fill(terminal.say(texts.master), { id, source: terminal.say(sources[source]), age: age(createdAt) }));
  const rows = dataKeys.map((key) => [key.purpose, String(key.version), age(key.createdAt), String(key.uses), terminal.say(toState(key))]);
  if (rows.length > 0) printTable(terminal, headings.map(terminal.say), rows);
  for (const { purpose, phase, done, unreadable } of rotations) {
    terminal.data(fill(terminal.say(texts[phase]), { purpose, done }));
    if (unreadable > 0) terminal.data(fill(terminal.say(texts.unreadable), { count: unreadable }));
  }
  if (chats.sealed > 0) terminal.data(fill(terminal.say(texts.chatsSealed), { count: chats.sealed }));
  if (chats.wanted === 'sealed' && chats.clear > 0) terminal.data(fill(terminal.say(texts.beingSealed), { count: chats.clear }));
  if (chats.wanted === 'clear' && chats.sealed > 0) terminal.data(fill(terminal.say(texts.beingOpened), { count: chats.sealed }));
  if (dataKeys.some(({ rotationDue }) => rotationDue !== 'no')) terminal.data(fill(terminal.say(texts.rotate), { program }));
}
