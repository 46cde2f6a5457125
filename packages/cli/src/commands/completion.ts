import { z } from 'zod';
import { completionScript, shells } from '../completion.ts';
import { text } from '../output/language.ts';
import { defineVerb } from '../verb.ts';

export const completion = defineVerb({
  path: 'completion',
  summary: text('Print the script that completes commands in your shell', 'Imprime o script que completa comandos no seu shell'),
  examples: [
    'source <(cluster-ai completion bash)',
    'cluster-ai completion zsh > ~/.cluster-ai-completion.zsh',
    'cluster-ai completion fish > ~/.config/fish/completions/cluster-ai.fish',
  ],
  positionals: [{ name: '<shell>', description: text(shells.join(', '), shells.join(', ')), choices: shells }],
  output: z.object({ shell: z.enum(shells), script: z.string() }),
  async run(_context, [wanted]) {
    const shell = shells.find((name) => name === wanted) ?? 'bash';
    return { shell, script: completionScript(shell) };
  },
  print: ({ terminal }, { script }) => terminal.data(script),
});
