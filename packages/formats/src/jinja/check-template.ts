import type { FindingCode } from '@cluster-ai/contracts';

interface Finding {
  readonly code: FindingCode;
  readonly detail: string;
}

const BLOCK = /\{\{|\{%|\{#/g;
const STRING = /'(?:[^'\\]|\\[\s\S])*'|"(?:[^"\\]|\\[\s\S])*"/g;

/** The code of a template: what stands in its marks, comments and plain text left out. Marks inside of strings belong to the string. */
function* readCode(template: string): Generator<string> {
  for (let at = 0; ; ) {
    BLOCK.lastIndex = at;
    const opened = BLOCK.exec(template);
    if (!opened) return;
    const close = opened[0] === '{{' ? '}}' : opened[0] === '{%' ? '%}' : '#}';
    const start = opened.index + 2;
    const end = close === '#}' ? template.indexOf(close, start) : findClose(template, start, close);
    const code = template.slice(start, end < 0 ? undefined : end);
    if (close !== '#}') yield code;
    if (end < 0) return;
    at = end + 2;
  }
}

function findClose(template: string, start: number, close: string): number {
  let quote = '';
  for (let at = start; at < template.length; at++) {
    const character = template[at] ?? '';
    if (quote !== '') {
      if (character === '\\') at++;
      else if (character === quote) quote = '';
    } else if (character === '"' || character === "'") quote = character;
    else if (character === close[0] && template[at + 1] === close[1]) return at;
  }
  return -1;
}

/** What a string says once Python has read its escapes. */
function readEscapes(literal: string): string {
  return literal
    .slice(1, -1)
    .replace(/\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{1,3})|([\s\S]))/g, (_all, x, u, long, octal, other) => {
      const hex: string | undefined = x ?? u ?? long;
      const code = hex === undefined ? (octal === undefined ? Number.NaN : Number.parseInt(octal, 8)) : Number.parseInt(hex, 16);
      return Number.isNaN(code) ? String(other) : String.fromCodePoint(Math.min(code, 0x10ffff));
    });
}

/** Names through which Python code comes from a value to everything that is loaded. */
const innerName = /__\w|\w__|\b(mro|func_globals|gi_frame|f_globals|f_builtins|f_back|cr_frame|tb_frame|co_code|func_code)\b/;
const innerWord = /^(mro|os|popen|system|eval|exec|import|subclasses|globals|builtins|getattr)$/;
/** Objects that lead out of the template where it is run by a web framework, or by Jinja without a sandbox. */
const leadingOut =
  /(?<![.\w])(lipsum|cycler|joiner|self|request|config|url_for|get_flashed_messages|application|handler|settings|environ)\s*(\.|\[|\|)/;
const attributeFilter = /\|\s*(attr|map\s*\(\s*attribute\s*=|selectattr|groupby)\b/;
const statement = /^\s*[-+]?\s*(import|from|include|extends)\b/;
/** A subscript whose text is put together: `x['__cl' ~ 'ass__']`. */
const computedSubscript = /\[[^[\]]{0,200}(?:\0[^[\]]{0,200}[~%|]|[~%|+][^[\]]{0,200}\0|\0\s*\.)[^[\]]{0,200}\]/;
const hiddenUnderscores = /(\0\d+\0)\s*[~*%]|[~*]\s*(\0\d+\0)/;

function checkCode(code: string): Finding | undefined {
  const strings: string[] = [];
  const bare = code.replace(STRING, (literal) => `\0${strings.push(readEscapes(literal)) - 1}\0`);
  const snippet = code.trim();
  if (innerName.test(bare) || strings.some((text) => /__\w+__/.test(text) || innerWord.test(text)))
    return { code: 'template_reaches_out', detail: snippet };
  if (leadingOut.test(bare) || /\|\s*attr\b/.test(bare)) return { code: 'template_reaches_out', detail: snippet };
  if (attributeFilter.test(bare) && strings.some((text) => text.includes('_'))) return { code: 'template_unusual', detail: snippet };
  const joins = [...bare.matchAll(new RegExp(hiddenUnderscores, 'g'))].some(([, left, right]) => {
    const text = strings[Number((left ?? right ?? '').replaceAll('\0', ''))] ?? '';
    return /^_+$/.test(text) || /^__|__$/.test(text);
  });
  if (statement.test(bare) || computedSubscript.test(bare) || joins || /\|\s*format\s*\([^)]*9[05]/.test(bare))
    return { code: 'template_unusual', detail: snippet };
  return undefined;
}

/**
 * Looks through a chat template (Jinja) for ways out of it: inner attributes of Python, filters that fetch attributes by a name, names put
 * together from pieces, files that are included. Real templates need none of these. Pure; nothing is rendered.
 */
export function checkTemplate(template: string): readonly Finding[] {
  return [...readCode(template)].flatMap((code) => checkCode(code) ?? []);
}
