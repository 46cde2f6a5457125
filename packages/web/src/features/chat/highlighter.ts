import { createHighlighterCore, type HighlighterCore, type LanguageInput } from 'shiki/core';
import { createJavaScriptRegexEngine } from 'shiki/engine/javascript';
import type { CodeHighlighterPlugin, HighlightResult } from 'streamdown';

// The ready-made plugin brings every language of the world: 12 MB. These twelve are fetched one by one, when a chat needs them.
const grammars: Readonly<Record<string, LanguageInput>> = {
  typescript: () => import('shiki/langs/typescript.mjs'),
  javascript: () => import('shiki/langs/javascript.mjs'),
  python: () => import('shiki/langs/python.mjs'),
  shellscript: () => import('shiki/langs/shellscript.mjs'),
  json: () => import('shiki/langs/json.mjs'),
  yaml: () => import('shiki/langs/yaml.mjs'),
  html: () => import('shiki/langs/html.mjs'),
  css: () => import('shiki/langs/css.mjs'),
  rust: () => import('shiki/langs/rust.mjs'),
  go: () => import('shiki/langs/go.mjs'),
  sql: () => import('shiki/langs/sql.mjs'),
  java: () => import('shiki/langs/java.mjs'),
};

const aliases: Readonly<Record<string, string>> = {
  ts: 'typescript',
  tsx: 'typescript',
  js: 'javascript',
  jsx: 'javascript',
  mjs: 'javascript',
  py: 'python',
  python3: 'python',
  sh: 'shellscript',
  bash: 'shellscript',
  zsh: 'shellscript',
  shell: 'shellscript',
  console: 'shellscript',
  yml: 'yaml',
  jsonc: 'json',
  rs: 'rust',
  golang: 'go',
};

// The high-contrast themes: the others' comments are too faint on a grey ground.
const themes = { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' } as const;

/** The grammar for what stands after the backticks; undefined where there is none. */
export function toGrammar(language: string): string | undefined {
  const name = language.trim().toLowerCase();
  const known = aliases[name] ?? name;
  return known in grammars ? known : undefined;
}

let opening: Promise<HighlighterCore> | undefined;
const openHighlighter = (): Promise<HighlighterCore> =>
  (opening ??= createHighlighterCore({
    themes: [import('shiki/themes/github-light-high-contrast.mjs'), import('shiki/themes/github-dark-high-contrast.mjs')],
    langs: [],
    engine: createJavaScriptRegexEngine({ forgiving: true }),
  }));

let highlighter: HighlighterCore | undefined;
const ready = new Set<string>();

async function prepare(grammar: string): Promise<void> {
  highlighter = await openHighlighter();
  const input = grammars[grammar];
  if (input !== undefined) await highlighter.loadLanguage(input);
  ready.add(grammar);
}

function paint(code: string, grammar: string): HighlightResult | null {
  if (!highlighter || !ready.has(grammar)) return null;
  const { tokens, fg = '', bg = '' } = highlighter.codeToTokens(code, { lang: grammar, themes });
  return { tokens: tokens as HighlightResult['tokens'], fg, bg };
}

/** Colours code in chats: the text is shown plain at first, and painted when its grammar has arrived. */
export const codeHighlighter: CodeHighlighterPlugin = {
  name: 'shiki',
  type: 'code-highlighter',
  getSupportedLanguages: () => [...Object.keys(grammars), ...Object.keys(aliases)],
  supportsLanguage: (language) => toGrammar(language) !== undefined,
  getThemes: () => [themes.light, themes.dark],
  highlight({ code, language }, callback) {
    const grammar = toGrammar(language);
    if (grammar === undefined) return null;
    const painted = paint(code, grammar);
    if (painted === null)
      void prepare(grammar).then(() => {
        const late = paint(code, grammar);
        if (late) callback?.(late);
      });
    return painted;
  },
};
