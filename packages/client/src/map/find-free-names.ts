/** What every module of a worker has: the language's own names, those of Node that need no import, and what tells of progress. */
const known = new Set([
  ...Object.getOwnPropertyNames(globalThis),
  ...'clusterAi globalThis global process Buffer arguments undefined NaN Infinity eval require module exports setImmediate clearImmediate'.split(
    ' ',
  ),
  ...'structuredClone fetch performance crypto console URL TextEncoder TextDecoder AbortController AbortSignal WebAssembly'.split(' '),
]);

const keywords = new Set(
  `as async await break case catch class const continue debugger default delete do else export extends false finally for from function get
  if import in instanceof let new null of return set static super switch this throw true try typeof var void while with yield meta target
  constructor`.split(/\s+/),
);

const tokenPattern =
  /\/\/[^\n]*|\/\*[\s\S]*?\*\/|'(?:\\[\s\S]|[^'\\])*'|"(?:\\[\s\S]|[^"\\])*"|#?[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*|\d[\w.]*|=>|\.\.\.|\?\.|[=!<>]=+|[^\s]/gu;
/** After these a slash begins a regular expression, not a division. */
const beforeRegex = /(?:^|[=(,;:!&|?{}[+\-*%<>~^]|\b(?:return|typeof|case|in|of|void|delete|await|yield))\s*$/;

/** Template texts go, and what is within `${…}` stays: it is code. */
function openTemplates(source: string): string {
  let open = '';
  let rest = source;
  for (;;) {
    const start = rest.indexOf('`');
    if (start === -1) return open + rest;
    open += `${rest.slice(0, start)}''`;
    rest = rest.slice(start + 1);
    for (;;) {
      const piece = /^(?:\\[\s\S]|\$(?!\{)|[^`\\$])*/.exec(rest)?.[0] ?? '';
      rest = rest.slice(piece.length);
      if (!rest.startsWith('${')) break;
      const end = findClosing(rest, 1);
      open += ` +(${openTemplates(rest.slice(2, end))})`;
      rest = rest.slice(end + 1);
    }
    rest = rest.slice(1);
  }
}

function findClosing(text: string, from: number): number {
  let depth = 0;
  for (let at = from; at < text.length; at += 1) {
    if (text[at] === '{') depth += 1;
    else if (text[at] === '}') depth -= 1;
    if (depth === 0) return at;
  }
  return text.length;
}

const withoutRegexes = (source: string) =>
  source.replace(/\/(?![/*])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/[a-z]*/g, (found: string, at: number) =>
    beforeRegex.test(source.slice(Math.max(0, at - 12), at)) ? '0' : found,
  );

const isName = (token: string | undefined): token is string =>
  token !== undefined && /^[\p{ID_Start}$_]/u.test(token) && !keywords.has(token);

function closingOf(tokens: readonly string[], from: number): number {
  let depth = 0;
  for (let at = from; at < tokens.length; at += 1) {
    if ('([{'.includes(tokens[at] ?? '')) depth += 1;
    else if (')]}'.includes(tokens[at] ?? '')) depth -= 1;
    if (depth === 0) return at;
  }
  return tokens.length;
}

/** Every name that is declared anywhere in it. Scopes are not told apart: a name that is declared in one place is taken as known in all. */
function findDeclared(tokens: readonly string[]): ReadonlySet<string> {
  const declared = new Set<string>();
  const takeAll = (from: number, to: number) => {
    for (const token of tokens.slice(from, to)) if (isName(token)) declared.add(token);
  };
  for (const [at, token] of tokens.entries()) {
    const next = tokens[at + 1];
    if (token === '(') {
      const end = closingOf(tokens, at);
      const isParameters =
        tokens[end + 1] === '=>' || (tokens[end + 1] === '{' && !/^(?:if|for|while|switch|with)$/.test(tokens[at - 1] ?? ''));
      if (isParameters) takeAll(at, end);
      // a method's own name: `{ double(x) { … } }`
      if (isParameters && tokens[end + 1] === '{' && isName(tokens[at - 1])) declared.add(tokens[at - 1] ?? '');
    } else if (isName(token) && next === '=>') declared.add(token);
    else if (/^(?:let|const|var|class|function)$/.test(token))
      takeAll(at + 1, '{['.includes(next ?? ' ') ? closingOf(tokens, at + 1) : at + 3);
    else if (token === ',' && isName(next) && /^(?:=|,|;|of|in|\})$/.test(tokens[at + 2] ?? '') && isInDeclaration(tokens, at))
      declared.add(next);
  }
  return declared;
}

/** Whether a comma goes on with a `let`, `const` or `var`, seen from the last word that begins or ends a statement at its depth. */
function isInDeclaration(tokens: readonly string[], from: number): boolean {
  let depth = 0;
  for (let at = from - 1; at >= 0; at -= 1) {
    const token = tokens[at] ?? '';
    if (')]}'.includes(token)) depth += 1;
    else if ('([{'.includes(token)) depth -= 1;
    if (depth < 0 || (depth === 0 && token === ';')) return false;
    if (depth === 0 && /^(?:let|const|var)$/.test(token)) return true;
  }
  return false;
}

/**
 * Names that a function's text uses and nobody in it declares: what it would have taken from around it. A reading by tokens, not a parser:
 * it may overlook some, and is made so that it does not accuse a function that stands alone.
 */
export function findFreeNames(source: string): readonly string[] {
  const tokens = (withoutRegexes(openTemplates(source)).match(tokenPattern) ?? []).filter((token) => !/^(?:\/\/|\/\*|['"])/.test(token));
  const declared = findDeclared(tokens);
  const isUse = (token: string, at: number) => {
    const [before, next] = [tokens[at - 1], tokens[at + 1]];
    const isMember = before === '.' || before === '?.';
    const isLabelOrKey = (next === ':' && before !== '?') || before === 'break' || before === 'continue';
    return isName(token) && !isMember && !isLabelOrKey && !declared.has(token) && !known.has(token);
  };
  return [...new Set(tokens.filter(isUse))];
}
