import type { CatalogVersion } from '@cluster-ai/contracts';
import { formatBytes } from '../../output/format.ts';
import { text } from '../../output/language.ts';
import type { Context } from '../../verb.ts';

const texts = {
  version: text('Version', 'Versão'),
  kind: text('Kind', 'Tipo'),
  verdict: text('Found', 'Exame'),
  allowed: text('Allowed', 'Permitido'),
  aliases: text('Aliases', 'Aliases'),
  tags: text('Tags', 'Etiquetas'),
  file: text('File', 'Arquivo'),
};

/** Verdicts in the reader's language; the JSON has the code. */
const verdicts = {
  safe: text('safe', 'seguro'),
  suspicious: text('suspicious', 'suspeito'),
  dangerous: text('dangerous', 'perigoso'),
};

export function printVersion({ terminal }: Context, version: CatalogVersion): void {
  const line = (label: keyof typeof texts, value: string) => {
    if (value !== '') terminal.data(`${terminal.say(texts[label]).padEnd(9)} ${value}`);
  };
  line(
    'version',
    [version.version, version.semver ?? '', formatBytes(version.sizeBytes), version.manifestDigest]
      .filter((part) => part !== '')
      .join('  '),
  );
  line('kind', version.framework);
  line('verdict', version.inspection === null ? '' : terminal.say(verdicts[version.inspection.verdict]));
  line('allowed', version.allowed?.reason ?? '');
  line('aliases', version.aliases.join(', '));
  line(
    'tags',
    Object.entries(version.tags)
      .map((pair) => pair.join('='))
      .join(', '),
  );
  for (const { path, sizeBytes, digest } of version.files) line('file', `${path}  ${formatBytes(sizeBytes)}  ${digest}`);
}
