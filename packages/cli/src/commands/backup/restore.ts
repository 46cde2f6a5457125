import { resolve } from 'node:path';
import { ClusterError } from '@cluster-ai/contracts';
import { silentLogger, systemClock } from '@cluster-ai/runtime';
import { z } from 'zod';
import { askHolder, controlSocketPath } from '../../local/control-socket.ts';
import { confirm } from '../../output/confirm.ts';
import { fill, text } from '../../output/language.ts';
import { type Context, defineVerb, flag } from '../../verb.ts';
import { readConfig } from '../config/read-config.ts';

const restoredShape = z.object({
  folder: z.string(),
  createdAt: z.iso.datetime().describe('When the backup was made.'),
  files: z.int(),
  includesModels: z.boolean(),
  missing: z.array(z.string()).describe('Digests that were gone already when the backup was made.'),
  previous: z.string().nullable().describe('Where the earlier content of the data folder lies now.'),
  keyRing: z.string().nullable().describe('The key ring that was used; null where there was none.'),
  erasedAgain: z.int().describe('People who were erased after the backup was made, and were erased again.'),
  unreadableChats: z.int().describe('Sealed chats whose keys are gone or not here.'),
});

const texts = {
  question: text(
    'Put the backup in the place of {folder}? What is there now is kept beside it.',
    'Pôr o backup no lugar de {folder}? O que está lá fica guardado ao lado.',
  ),
  checking: text('Checking and unpacking {path} …', 'Verificando e desempacotando {path} …'),
  done: text('Restored {files} files of {createdAt} into {folder}.', '{files} arquivos de {createdAt} restaurados em {folder}.'),
  since: text(
    'Keys and logins that were removed after {createdAt} are valid again: remove them once more.',
    'Chaves e acessos removidos depois de {createdAt} voltam a valer: remova-os de novo.',
  ),
  erasedAgain: text(
    'People who were erased after the backup was made, and were erased again: {count}.',
    'Pessoas que foram apagadas depois do backup, e foram apagadas de novo: {count}.',
  ),
  noRing: text(
    'There was no key ring beside the backup: whoever was erased since is back. Erase them once more: {program} users erase NAME',
    'Não havia chaveiro ao lado do backup: quem foi apagado depois voltou. Apague de novo: {program} users erase NOME',
  ),
  unreadable: text(
    'Sealed chats that cannot be read: {count}. Their keys were erased, or are in a key ring that is not here (--key-ring PATH).',
    'Conversas seladas que não podem ser lidas: {count}. Suas chaves foram apagadas, ou estão em um chaveiro que não está aqui (--key-ring CAMINHO).',
  ),
  previous: text('What was there before: {previous}', 'O que estava lá antes: {previous}'),
  missing: text('{count} files were missing in the backup already.', '{count} arquivos já faltavam no backup.'),
  next: text('Start it: {program} up --data-dir {folder}', 'Para iniciar: {program} up --data-dir {folder}'),
};

async function checkStopped({ folder, program }: Context): Promise<void> {
  const holder = await askHolder(controlSocketPath(folder), 'describe');
  if (holder === undefined) return;
  throw new ClusterError('already_running', `A cluster runs in ${folder.root} (process ${holder.pid}).`, {
    hint: `Stop it first with "${program} down", or restore into another folder with --data-dir.`,
    details: { pid: holder.pid },
  });
}

export const backupRestore = defineVerb({
  path: 'backup restore',
  summary: text('Bring state and models back, while the cluster does not run', 'Traz de volta estado e modelos, com o cluster parado'),
  examples: [
    'cluster-ai backup restore ./cluster-ai.backup --data-dir ./restored',
    'cluster-ai backup restore ./cluster-ai.backup --force --yes',
    'cluster-ai backup restore ./cluster-ai.backup --key-file ./master.key',
  ],
  positionals: [{ name: '<path>', description: text('The backup', 'O backup') }],
  flags: {
    force: flag(
      '--force',
      z.boolean().default(false),
      text(
        'Also into a folder that is not empty; what is there is kept beside it',
        'Também em uma pasta que não está vazia; o que há nela fica guardado ao lado',
      ),
    ),
    keyFile: flag(
      '--key-file <path>',
      z.string().optional(),
      text(
        'The master key that the backup was made with, on another machine; it is not in the backup',
        'A chave mestra com que o backup foi feito, em outra máquina; ela não está no backup',
      ),
    ),
    keyRing: flag(
      '--key-ring <path>',
      z.string().optional(),
      text(
        'The key ring of the backup, where it does not lie beside it: keys of sealed chats, and who was erased since',
        'O chaveiro do backup, se não está ao lado dele: chaves de conversas seladas, e quem foi apagado depois',
      ),
    ),
    unsealed: flag(
      '--unsealed',
      z.boolean().default(false),
      text(
        'Also a backup of an earlier version, which nothing proves to be unchanged',
        'Também um backup de uma versão anterior, que nada prova estar inalterado',
      ),
    ),
  },
  output: restoredShape,
  async run(context, [wanted = ''], { force, keyFile, keyRing, unsealed }) {
    const { folder, terminal, signal } = context;
    await checkStopped(context);
    if (force) await confirm(context, texts.question, { folder: folder.root });
    const { config } = await readConfig(folder.config);
    const { restoreBackup, takeGivenKeys } = await import('@cluster-ai/control-plane');
    const path = resolve(wanted);
    terminal.progress(fill(terminal.say(texts.checking), { path }));
    const given = takeGivenKeys({ ...context.environment });
    const key = {
      given,
      unsealed,
      ...(keyFile === undefined ? {} : { keyFile: resolve(keyFile) }),
      ...(keyRing === undefined ? {} : { keyRing: resolve(keyRing) }),
    };
    const stores = {
      ...(config.database === '' ? {} : { databaseUrl: config.database }),
      ...(config.blobs.path === '' || config.blobs.path.startsWith('s3://') ? {} : { blobs: config.blobs.path }),
    };
    const options = { path, folder: folder.root, force, clock: systemClock, log: silentLogger, ...stores, ...key };
    const restored = await restoreBackup(options, signal);
    return { folder: folder.root, ...restored, missing: [...restored.missing] };
  },
  print({ terminal, program }, { folder, createdAt, files, previous, missing, keyRing, erasedAgain, unreadableChats }) {
    terminal.data(fill(terminal.say(texts.done), { files, createdAt, folder }));
    terminal.data(fill(terminal.say(texts.since), { createdAt }));
    if (keyRing === null) terminal.data(fill(terminal.say(texts.noRing), { program }));
    if (erasedAgain > 0) terminal.data(fill(terminal.say(texts.erasedAgain), { count: erasedAgain }));
    if (unreadableChats > 0) terminal.data(fill(terminal.say(texts.unreadable), { count: unreadableChats }));
    if (previous !== null) terminal.data(fill(terminal.say(texts.previous), { previous }));
    if (missing.length > 0) terminal.data(fill(terminal.say(texts.missing), { count: missing.length }));
    terminal.data(fill(terminal.say(texts.next), { program, folder }));
  },
});
