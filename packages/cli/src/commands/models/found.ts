import { type FoundFile, foundListShape } from '@cluster-ai/contracts';
import { formatBytes, printTable } from '../../output/format.ts';
import { fill, text } from '../../output/language.ts';
import { sayOr } from '../../output/say-phrases.ts';
import { defineVerb } from '../../verb.ts';

const headings = [
  text('NODE', 'NÓ'),
  text('FROM', 'DE'),
  text('NAME', 'NOME'),
  text('SIZE', 'TAMANHO'),
  text('STATE', 'ESTADO'),
  text('PATH', 'CAMINHO'),
];
const texts = {
  none: text(
    'No weights of other programs were found on the cluster’s machines.',
    'Nenhum peso de outros programas foi achado nas máquinas do cluster.',
  ),
  registered: text('is "{name}" here', 'é "{name}" aqui'),
  usable: text('can be added', 'pode ser adicionado'),
  use: text(
    'Use one where it lies: {program} models pull {path} --name {name} --in-place',
    'Para usar onde está: {program} models pull {path} --name {name} --in-place',
  ),
};

export const modelsFound = defineVerb({
  path: 'models found',
  summary: text('List weights that already lie on the machines', 'Lista pesos que já estão nas máquinas'),
  examples: ['cluster-ai models found'],
  output: foundListShape,
  run: async (context) => ({ files: [...(await context.connect().listFoundFiles({ signal: context.signal }))] }),
  print({ terminal, program }, { files }) {
    if (files.length === 0) {
      terminal.data(terminal.say(texts.none));
      return;
    }
    const stateOf = ({ problem, problems, registeredAs }: FoundFile) =>
      problem !== null
        ? sayOr(terminal, problems, problem)
        : registeredAs === null
          ? terminal.say(texts.usable)
          : fill(terminal.say(texts.registered), { name: registeredAs });
    const rows = files.map((file) => [file.node, file.source, file.suggestedName, formatBytes(file.sizeBytes), stateOf(file), file.path]);
    printTable(terminal, headings.map(terminal.say), rows);
    const usable = files.find(({ problem, registeredAs }) => problem === null && registeredAs === null);
    if (usable) terminal.progress(fill(terminal.say(texts.use), { program, name: usable.suggestedName, path: usable.path }));
  },
});
