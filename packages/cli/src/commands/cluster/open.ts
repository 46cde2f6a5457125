import { z } from 'zod';
import { hasDesktop, openBrowser } from '../../local/open-browser.ts';
import { text } from '../../output/language.ts';
import { defineVerb } from '../../verb.ts';

const pages = { overview: '', chat: '/chat', nodes: '/nodes', models: '/models' } as const;
const pageNames = Object.keys(pages) as (keyof typeof pages)[];
const noBrowser = text('No browser can be opened from here. The address:', 'Não é possível abrir um navegador daqui. O endereço:');

export const open = defineVerb({
  path: 'open',
  summary: text('Open the web UI', 'Abre a interface web'),
  examples: ['cluster-ai open', 'cluster-ai open chat'],
  positionals: [
    {
      name: '[page]',
      description: text(`${pageNames.join(', ')}; the overview when left out`, `${pageNames.join(', ')}; sem nada, overview`),
      choices: pageNames,
    },
  ],
  output: z.object({ url: z.string(), opened: z.boolean() }),
  async run(context, [page]) {
    const url = `${context.address()}/ui${pages[pageNames.find((name) => name === page) ?? 'overview']}`;
    await context.connect().getClusterStatus({ signal: context.signal }); // better an error here than a browser page that says so
    return { url, opened: hasDesktop(context.environment) && (await openBrowser(url)) };
  },
  print({ terminal }, { url, opened }) {
    if (!opened) terminal.progress(terminal.say(noBrowser));
    terminal.data(url);
  },
});
