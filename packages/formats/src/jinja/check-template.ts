import type { FindingCode } from '@cluster-ai/contracts';
import { readCode, type TemplateCode } from './read-code.ts';

interface Finding {
  readonly code: FindingCode;
  readonly detail: string;
}

/** Names through which Python code comes from a value to everything that is loaded. */
const innerName = /__\w|\w__|\b(mro|func_globals|func_code|gi_frame|f_globals|f_builtins|f_back|cr_frame|tb_frame|co_code)\b/;
const innerWord = /^(mro|popen|subclasses|globals|builtins|getattr)$/;
const innerText = /__[A-Za-z0-9]|[A-Za-z0-9]__/;
/** Objects of Jinja from which its own functions, and so their modules, can be reached. */
const leadingOut = /(?<![.\w])(lipsum|cycler|joiner|self)[.[|(]/;
/** Objects of web frameworks. */
const ofFrameworks = /(?<![.\w])(request|config|url_for|get_flashed_messages|application|handler|settings)[.[|(]/;
/** Filters that fetch an attribute by its name. */
const byName = /\|\s?(attr|map\(attribute|selectattr|rejectattr|groupby)\b/;
const attr = /\|\s?attr\b/;
const statement = /^[-+]?\s?(import|from|include|extends)\b/;
const characterCodes = /%c|\bchr\b/;
const MAX_SUBSCRIPT = 200;

/** What stands in square brackets, one level of them. */
function* readSubscripts(bare: string): Generator<string> {
  for (let open = bare.indexOf('['); open >= 0; open = bare.indexOf('[', open + 1)) {
    const inside = bare.slice(open + 1, open + MAX_SUBSCRIPT);
    const end = inside.indexOf(']');
    yield end < 0 ? inside : inside.slice(0, end);
  }
}

/** A subscript whose text is put together: `x['__cl' ~ 'ass__']`. */
const isComputed = (subscript: string) => subscript.includes('\0') && (/[~%|+]/.test(subscript) || subscript.includes('\0.'));

const reachesOut = ({ bare, strings }: TemplateCode) =>
  innerName.test(bare) || leadingOut.test(bare) || attr.test(bare) || strings.some((text) => innerText.test(text) || innerWord.test(text));

function isUnusual({ bare, strings }: TemplateCode): boolean {
  const hasUnderscores = strings.some((text) => text.startsWith('_') || text.endsWith('_'));
  const isPutTogether = /[~%*]/.test(bare) || bare.includes('|join') || bare.includes('|format');
  return (
    statement.test(bare.trimStart()) ||
    ofFrameworks.test(bare) ||
    byName.test(bare) ||
    [...readSubscripts(bare)].some(isComputed) ||
    (hasUnderscores && isPutTogether) ||
    strings.some((text) => characterCodes.test(text))
  );
}

/** Without what may stand between a name and what is done with it. */
const tighten = (bare: string) => bare.replace(/\s+/g, ' ').replace(/ ([.[|(])/g, '$1');

function checkCode({ source, bare, strings }: TemplateCode): Finding | undefined {
  const code = { source, bare: tighten(bare), strings };
  const detail = source.trim();
  if (reachesOut(code)) return { code: 'template_reaches_out', detail };
  return isUnusual(code) ? { code: 'template_unusual', detail } : undefined;
}

/**
 * Looks through a chat template (Jinja) for ways out of it: inner attributes of Python, filters that fetch attributes by a name, names put
 * together from pieces, files that are included. Real templates need none of these. Pure; nothing is rendered.
 */
export function checkTemplate(template: string): readonly Finding[] {
  return [...readCode(template)].flatMap((code) => checkCode(code) ?? []);
}
