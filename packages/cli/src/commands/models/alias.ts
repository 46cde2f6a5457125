import { aliasListShape } from '@cluster-ai/contracts';
import { z } from 'zod';
import { formatAge, printTable } from '../../output/format.ts';
import { text } from '../../output/language.ts';
import { defineVerb, flag } from '../../verb.ts';
import { modelName } from './model-positionals.ts';

const headings = [text('ALIAS', 'ALIAS'), text('VERSION', 'VERSÃO'), text('PROTECTED', 'PROTEGIDO'), text('MOVED', 'MOVIDO')];
const yesOrNo = { yes: text('yes', 'sim'), no: text('no', 'não') };

export const modelsAlias = defineVerb({
  path: 'models alias',
  summary: text('Point an alias of a model to a version, or back', 'Aponta um alias de um modelo para uma versão, ou de volta'),
  examples: [
    'cluster-ai models alias resnet50',
    'cluster-ai models alias resnet50 production 1.2.0 --protect',
    'cluster-ai models alias resnet50 production --rollback',
    'cluster-ai models alias resnet50 staging --remove',
  ],
  positionals: [
    modelName,
    { name: '[alias]', description: text('The alias; all are listed where it is left out', 'O alias; sem ele, todos são listados') },
    {
      name: '[version]',
      description: text('A number, a semantic version or another alias', 'Um número, uma versão semântica ou outro alias'),
    },
  ],
  flags: {
    protect: flag(
      '--protect',
      z.boolean().optional(),
      text('Only who has the right models:protect moves it from now on', 'De agora em diante só o move quem tem o direito models:protect'),
    ),
    unprotect: flag(
      '--unprotect',
      z.boolean().optional(),
      text('Anybody who may write models moves it again', 'Volta a movê-lo quem pode gravar modelos'),
    ),
    rollback: flag(
      '--rollback',
      z.boolean().default(false),
      text('Back to where it pointed before; once more undoes that', 'De volta para onde apontava; mais uma vez desfaz isso'),
    ),
    remove: flag('--remove', z.boolean().default(false), text('Remove the alias', 'Remove o alias')),
  },
  output: aliasListShape,
  async run(context, [name = '', alias, version], { protect, unprotect, rollback, remove }) {
    const client = context.connect();
    const options = { signal: context.signal };
    if (alias !== undefined) {
      if (remove) await client.removeAlias(name, alias, options);
      else if (rollback) await client.rollbackAlias(name, alias, options);
      else if (version !== undefined || protect || unprotect) {
        const isProtected = protect ? true : unprotect ? false : undefined;
        await client.putAlias(name, alias, { version: version ?? alias, ...(isProtected === undefined ? {} : { isProtected }) }, options);
      }
    }
    return { aliases: [...(await client.listAliases(name, options))] };
  },
  print({ terminal }, { aliases }) {
    const rows = aliases.map(({ alias, version, isProtected, updatedAt }) => [
      alias,
      String(version),
      terminal.say(yesOrNo[isProtected ? 'yes' : 'no']),
      formatAge(Date.parse(updatedAt), Date.now()),
    ]);
    printTable(terminal, headings.map(terminal.say), rows);
  },
});
