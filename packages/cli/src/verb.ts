import type { ClusterClient } from '@cluster-ai/client';
import type { DataFolder } from '@cluster-ai/runtime';
import type { z } from 'zod';
import type { ProcessFiles } from './local/process-files.ts';
import type { Text } from './output/language.ts';
import type { Terminal } from './output/terminal.ts';

/** What every verb gets. */
export interface Context {
  readonly terminal: Terminal;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly folder: DataFolder;
  /** Whether the folder was named by option or environment, or is the default one. */
  readonly isFolderNamed: boolean;
  readonly isJson: boolean;
  /** The person said yes to everything beforehand. */
  readonly isYes: boolean;
  /** Aborted by Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal;
  readonly version: string;
  /** How people start this program from where they are: `npx cluster-ai` in a clone, `cluster-ai` once installed. */
  readonly program: string;
  /** The command that runs this program again, for a service that starts it at boot. */
  readonly selfCommand: readonly string[];
  /** What `up` and `join` start. */
  readonly processFiles: ProcessFiles;
  /** `--url` names a cluster, wherever it runs. */
  readonly isRemote: boolean;
  /** The running cluster. Throws `not_running` when this data folder has none and no `--url` was given. */
  connect(): ClusterClient;
  /** Its address, as `connect` uses it. */
  address(): string;
}

export interface Flag<Shape extends z.ZodType = z.ZodType> {
  /** In commander's words: `--port <number>`, `--no-open`. */
  readonly flags: string;
  readonly description: Text;
  readonly shape: Shape;
}

export const flag = <Shape extends z.ZodType>(flags: string, shape: Shape, description: Text): Flag<Shape> => ({
  flags,
  shape,
  description,
});

type Flags = Readonly<Record<string, Flag>>;
type Values<F extends Flags> = { readonly [Name in keyof F]: z.infer<F[Name]['shape']> };

export interface Positional {
  /** `<name>` when it must be given, `[name]` when it may, `[name...]` for the rest. */
  readonly name: string;
  readonly description: Text;
  /** What it may be, where that is a closed list; anything else is a usage error. */
  readonly choices?: readonly string[];
  /** Offers values for completion. Never throws: an empty list when there is nothing to offer. */
  readonly complete?: (context: Context) => Promise<readonly string[]>;
}

/** One command. What it answers is data: the same value is printed as JSON or rendered for people. */
export interface Verb {
  readonly path: string;
  readonly summary: Text;
  readonly examples: readonly string[];
  readonly positionals: readonly Positional[];
  readonly flags: Flags;
  /** Of the `--json` output. */
  readonly output: z.ZodType;
  /** `lines`: one JSON value per line as things happen, instead of one at the end. */
  readonly outputStyle: 'value' | 'lines';
  /** Runs the command. What it returns is printed; `undefined` when it printed already. Returns the exit code where it is not 0. */
  execute(context: Context, positionals: readonly string[], options: Readonly<Record<string, unknown>>): Promise<number>;
}

export interface VerbDefinition<F extends Flags, Output extends z.ZodType> {
  readonly path: string;
  readonly summary: Text;
  readonly examples: readonly string[];
  readonly positionals?: readonly Positional[];
  readonly flags?: F;
  readonly output: Output;
  readonly outputStyle?: 'value' | 'lines';
  run(context: Context, positionals: readonly string[], options: Values<F>): Promise<z.infer<Output> | undefined>;
  print(context: Context, value: z.infer<Output>): void;
  /** Where an answer means "no": for example a health check that found something. */
  exitCode?(value: z.infer<Output>): number;
}

/** Ties a verb's options and answer to their shapes. */
export function defineVerb<Output extends z.ZodType, F extends Flags = Record<never, never>>(definition: VerbDefinition<F, Output>): Verb {
  return {
    path: definition.path,
    summary: definition.summary,
    examples: definition.examples,
    positionals: definition.positionals ?? [],
    flags: definition.flags ?? {},
    output: definition.output,
    outputStyle: definition.outputStyle ?? 'value',
    async execute(context, positionals, options) {
      const value = await definition.run(context, positionals, options as Values<F>);
      if (value === undefined) return 0;
      if (context.isJson) context.terminal.data(JSON.stringify(value));
      else definition.print(context, value);
      return definition.exitCode?.(value) ?? 0;
    },
  };
}
