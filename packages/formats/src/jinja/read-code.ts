/** One piece of code of a template, with its strings taken out. */
export interface TemplateCode {
  readonly source: string;
  /** Where a string was stands its number between two NUL characters. */
  readonly bare: string;
  /** What they say once their escapes are read. */
  readonly strings: readonly string[];
}

const BLOCK = /\{\{|\{%|\{#/g;
const ESCAPES = /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{1,3})|([\s\S]))/g;
const MAX_CODE_POINT = 0x10ffff;

function readEscapes(literal: string): string {
  return literal.replace(ESCAPES, (_all, x?: string, u?: string, long?: string, octal?: string, other?: string) => {
    if (other !== undefined) return other;
    const code = octal === undefined ? Number.parseInt(x ?? u ?? long ?? '', 16) : Number.parseInt(octal, 8);
    return String.fromCodePoint(Math.min(code, MAX_CODE_POINT));
  });
}

/** Where the string that begins here ends; the end of the template where nothing closes it. */
function findQuote(template: string, start: number): number {
  const quote = template[start];
  for (let at = start + 1; at < template.length; at++) {
    if (template[at] === '\\') at++;
    else if (template[at] === quote) return at;
  }
  return template.length;
}

/** Reads code up to its mark; marks inside of strings belong to the string. Each character is looked at once. */
function readBlock(template: string, start: number, close: string): TemplateCode & { readonly end: number } {
  const strings: string[] = [];
  let bare = '';
  let at = start;
  for (; at < template.length && !template.startsWith(close, at); at++) {
    const character = template[at] ?? '';
    if (character !== '"' && character !== "'") {
      bare += character;
      continue;
    }
    const end = findQuote(template, at);
    bare += `\0${strings.push(readEscapes(template.slice(at + 1, end))) - 1}\0`;
    at = end;
  }
  return { source: template.slice(start, at), bare, strings, end: at + close.length };
}

/** The code of a template: what stands in its marks; comments and plain text are left out. */
export function* readCode(template: string): Generator<TemplateCode> {
  for (let at = 0; at < template.length; ) {
    BLOCK.lastIndex = at;
    const opened = BLOCK.exec(template);
    if (!opened) return;
    const start = opened.index + 2;
    if (opened[0] === '{#') {
      const end = template.indexOf('#}', start);
      if (end < 0) return;
      at = end + 2;
      continue;
    }
    const code = readBlock(template, start, opened[0] === '{{' ? '}}' : '%}');
    yield code;
    at = code.end;
  }
}
