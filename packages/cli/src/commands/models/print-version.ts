import { type CatalogVersion, type Phrase, phrase, toEnglish, toReasonPhrase } from '@cluster-ai/contracts';
import { formatBytes } from '../../output/format.ts';
import { text } from '../../output/language.ts';
import { sayOr } from '../../output/say-phrases.ts';
import type { Context } from '../../verb.ts';

const texts = {
  version: text('Version', 'Versão'),
  kind: text('Kind', 'Tipo'),
  verdict: text('Found', 'Exame'),
  why: text('Why', 'Motivo'),
  next: text('Next', 'A fazer'),
  allowed: text('Allowed', 'Permitido'),
  aliases: text('Aliases', 'Aliases'),
  tags: text('Tags', 'Etiquetas'),
  file: text('File', 'Arquivo'),
};

/** Verdicts in the reader's language; the JSON has the code. */
export const verdicts = {
  safe: text('safe', 'seguro'),
  suspicious: text('suspicious', 'suspeito'),
  dangerous: text('dangerous', 'perigoso'),
};

/** What to do about what was found. */
function hintOf({ inspection, allowed }: CatalogVersion): Phrase | undefined {
  if (inspection === null || inspection.verdict === 'safe' || allowed !== null) return undefined;
  return phrase(inspection.verdict === 'dangerous' ? 'inspection_not_to_be_used' : 'inspection_admin_may_allow');
}

export function printVersion({ terminal }: Pick<Context, 'terminal'>, version: CatalogVersion): void {
  const say = (what: Phrase) => sayOr(terminal, [what], toEnglish([what]));
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
  for (const reason of version.inspection?.reasons ?? []) line('why', say(toReasonPhrase(reason)));
  const hint = hintOf(version);
  if (hint !== undefined) line('next', say(hint));
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
