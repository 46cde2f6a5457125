import { RootCommand } from '@bomb.sh/tab';
import { pick } from './output/language.ts';
import type { Context, Verb } from './verb.ts';

export const shells = ['bash', 'zsh', 'fish', 'powershell'] as const;
export type Shell = (typeof shells)[number];

const PROGRAM = 'cluster-ai';

/** The library prints; what it prints is caught here, because output is a matter of the terminal. */
function capture(work: () => void): string {
  const lines: string[] = [];
  const original = console.log;
  console.log = (line: unknown) => void lines.push(String(line));
  try {
    work();
  } finally {
    console.log = original;
  }
  return lines.join('\n');
}

/** The script that a shell sources; it calls `cluster-ai complete -- …` for each press of the key. */
export const completionScript = (shell: Shell): string => capture(() => new RootCommand().setup(PROGRAM, PROGRAM, shell));

const longName = (flags: string) => /--(?:no-)?[a-z-]+/.exec(flags)?.[0].slice(2) ?? '';
const shortName = (flags: string) => /^-(\w)\b/.exec(flags)?.[1];

interface Positional {
  readonly verb: Verb;
  readonly index: number;
}

/** Which value is being typed: the last of the words that are no flags. */
function findPositional(verbs: readonly Verb[], words: readonly string[]): Positional | undefined {
  const plain = words.slice(0, -1).filter((word) => !word.startsWith('-'));
  const verb = verbs.find(({ path }) => path.split(' ').every((part, index) => plain[index] === part));
  return verb && { verb, index: plain.length - verb.path.split(' ').length };
}

/** Answers one press of the completion key. `valuesFor` asks the running cluster for names; it is asked only when one is being typed. */
export async function complete(
  verbs: readonly Verb[],
  words: readonly string[],
  context: Context,
  sharedFlags: readonly { readonly flags: string }[],
): Promise<string> {
  const typed = findPositional(verbs, words);
  const positional = typed?.verb.positionals[typed.index];
  const offered = positional?.choices ?? (await positional?.complete?.(context).catch(() => [])) ?? [];
  const root = new RootCommand();
  const { language } = context.terminal;
  for (const verb of verbs) {
    const command = root.command(verb.path, pick(language, verb.summary));
    for (const { flags } of [...Object.values(verb.flags), ...sharedFlags]) {
      const alias = shortName(flags);
      if (flags.includes('<')) command.option(longName(flags), '', () => {}, alias);
      else if (alias === undefined) command.option(longName(flags), '');
      else command.option(longName(flags), '', alias);
    }
    for (const { name } of verb.positionals) {
      command.argument(name, (add) => {
        if (verb === typed?.verb) for (const value of offered) add(value, '');
      });
    }
  }
  for (const group of new Set(
    verbs
      .map(({ path }) => path.split(' '))
      .filter(({ length }) => length > 1)
      .map(([first = '']) => first),
  ))
    root.command(group, '');
  return capture(() => root.parse([...words]));
}
