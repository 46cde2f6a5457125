import { erasedPersonShape } from '@cluster-ai/contracts';
import { confirm } from '../../output/confirm.ts';
import { fill, text } from '../../output/language.ts';
import { defineVerb } from '../../verb.ts';
import { person } from './print-people.ts';

const texts = {
  question: text(
    'Erase "{name}": the login, all chats and keys, and the name in the record? Nothing brings them back: a restored backup erases them again.',
    'Apagar "{name}": o acesso, todas as conversas e chaves, e o nome no registro? Nada os traz de volta: um backup restaurado os apaga de novo.',
  ),
  erased: text('Erased. The record of acts knows this person as {id} only.', 'Apagado. O registro só conhece essa pessoa como {id}.'),
  rewritten: text(
    'Key rings beside backups that lost the keys of the chats: {count}. Sealed chats in those backups open no more; a restore erases the person again.',
    'Chaveiros ao lado de backups que perderam as chaves das conversas: {count}. As conversas seladas nesses backups não abrem mais; uma restauração apaga a pessoa de novo.',
  ),
  clear: text(
    'Backups from before `privacy.sealChats` was on, and what is not a chat, lie in those archives as before: delete them if that must not be.',
    'Backups de antes de `privacy.sealChats`, e o que não é conversa, continuam legíveis nesses arquivos: apague-os se isso não puder ser.',
  ),
  unreached: text(
    'Not reached: the key ring in {folder}. Until it is rewritten (each hour it is tried), backups there still open.',
    'Não alcançado: o chaveiro em {folder}. Até ele ser regravado (a cada hora se tenta), os backups de lá ainda abrem.',
  ),
};

export const usersErase = defineVerb({
  path: 'users erase',
  summary: text(
    'Forget somebody: login, chats, keys, and the name in the record',
    'Esquece uma pessoa: acesso, conversas, chaves e o nome no registro',
  ),
  examples: ['cluster-ai users erase bia', 'cluster-ai users erase bia --yes --json'],
  positionals: [person],
  output: erasedPersonShape,
  async run(context, [wanted = '']) {
    const client = context.connect();
    const { id, name } = await client.getPerson(wanted, { signal: context.signal });
    await confirm(context, texts.question, { name });
    return client.erasePerson(id, { signal: context.signal });
  },
  print({ terminal }, { id, keyRings: { rewritten, unreached } }) {
    terminal.data(fill(terminal.say(texts.erased), { id }));
    if (rewritten + unreached.length === 0) return;
    terminal.data(fill(terminal.say(texts.rewritten), { count: rewritten }));
    for (const folder of unreached) terminal.data(fill(terminal.say(texts.unreached), { folder }));
    terminal.data(terminal.say(texts.clear));
  },
});
