import type { Person, SentLink } from '@cluster-ai/contracts';
import { formatAge, printTable } from '../../output/format.ts';
import { fill, text } from '../../output/language.ts';
import type { Context } from '../../verb.ts';

const headings = [
  text('NAME', 'NOME'),
  text('ROLE', 'PAPEL'),
  text('STATE', 'ESTADO'),
  text('CODES', 'CÓDIGOS'),
  text('SIGNED IN', 'ENTROU'),
  text('DISPLAY NAME', 'NOME EXIBIDO'),
];
const texts = {
  yes: text('yes', 'sim'),
  noPassword: text('no password', 'sem senha'),
  service: text('service', 'serviço'),
  never: text('never', 'nunca'),
  mailed: text(
    'It is on its way to {address} by mail as well; what became of that: cluster-ai audit ls --action mail',
    'Também está indo por e-mail para {address}; o que aconteceu com ele: cluster-ai audit ls --action mail',
  ),
  expires: text('Works once, until {time}. Shown only now.', 'Funciona uma vez, até {time}. Só aparece agora.'),
};

function toRow({ terminal }: Context, person: Person, nowMs: number): string[] {
  const { name, kind, role, state, hasPassword, hasTotp, lastSignInAt, displayName } = person;
  return [
    name,
    role,
    state === 'active' && !hasPassword ? terminal.say(kind === 'service' ? texts.service : texts.noPassword) : state,
    hasTotp ? terminal.say(texts.yes) : '-',
    lastSignInAt === null ? terminal.say(texts.never) : formatAge(Date.parse(lastSignInAt), nowMs),
    displayName || '-',
  ];
}

export function printPeople(context: Context, people: readonly Person[]): void {
  printTable(
    context.terminal,
    headings.map(context.terminal.say),
    people.map((person) => toRow(context, person, Date.now())),
  );
}

/** A link as somebody can send it: the address of the cluster as this command line knows it, and the page. */
export function printLink({ terminal, address }: Context, { path, expiresAt, mailedTo }: SentLink): void {
  terminal.data(`  ${terminal.style('cyan', `${address()}${path}`)}`);
  terminal.data(fill(terminal.say(texts.expires), { time: new Date(expiresAt).toLocaleString(terminal.language) }));
  if (mailedTo !== null) terminal.data(fill(terminal.say(texts.mailed), { address: mailedTo }));
}

/** For completion: what can be typed where a person is meant. */
export const completePerson = async (context: Context): Promise<readonly string[]> =>
  (await context.connect().listPeople({ signal: context.signal })).map(({ name }) => name);

export const person = {
  name: '<name>',
  description: text('What the person signs in with', 'Com o que a pessoa entra'),
  complete: completePerson,
} as const;
