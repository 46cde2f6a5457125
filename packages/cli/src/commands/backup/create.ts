import { resolve } from 'node:path';
import { backupShape } from '@cluster-ai/contracts';
import { z } from 'zod';
import { formatBytes } from '../../output/format.ts';
import { fill, text } from '../../output/language.ts';
import { defineVerb, flag } from '../../verb.ts';

const texts = {
  writing: text('Writing {path} …', 'Gravando {path} …'),
  key: text(
    'It opens only with the master key {id}, which is not in it: keep a copy of that elsewhere (secrets/master.key).',
    'Ele só abre com a chave mestra {id}, que não está nele: guarde uma cópia dela em outro lugar (secrets/master.key).',
  ),
  keyRing: text(
    'The key ring {path} belongs to it: it has the keys of sealed chats and says who was erased. Whoever copies the backup elsewhere keeps one ring there, always the newest.',
    'O chaveiro {path} faz parte dele: tem as chaves das conversas seladas e diz quem foi apagado. Quem copia o backup para outro lugar guarda lá um só chaveiro, sempre o mais novo.',
  ),
  done: text('{path}: {files} files, {size}, {digest}', '{path}: {files} arquivos, {size}, {digest}'),
};

export const backupCreate = defineVerb({
  path: 'backup create',
  summary: text(
    'Save state and models into one file on the cluster’s own machine',
    'Salva estado e modelos em um arquivo na máquina do cluster',
  ),
  examples: ['cluster-ai backup create ./cluster-ai.backup', 'cluster-ai backup create ./state.backup --no-models'],
  positionals: [
    { name: '<path>', description: text('The file that is written; it must not exist', 'O arquivo que é gravado; não pode existir') },
  ],
  flags: { models: flag('--no-models', z.boolean(), text('Leave the weights out', 'Deixa os pesos de fora')) },
  output: backupShape,
  async run(context, [given = ''], { models }) {
    const path = resolve(given);
    context.terminal.progress(fill(context.terminal.say(texts.writing), { path }));
    return context.connect().createBackup({ path, includeModels: models }, { signal: context.signal });
  },
  print({ terminal }, { path, files, sizeBytes, digest, masterKeyId, keyRing }) {
    terminal.data(fill(terminal.say(texts.done), { path, files, size: formatBytes(sizeBytes), digest }));
    terminal.data(fill(terminal.say(texts.key), { id: masterKeyId }));
    terminal.data(fill(terminal.say(texts.keyRing), { path: keyRing }));
  },
});
