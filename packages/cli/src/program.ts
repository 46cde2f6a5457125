import { type ClusterClient, createClusterClient } from '@cluster-ai/client';
import { ClusterError, isClusterError } from '@cluster-ai/contracts';
import { type DataFolder, locateDataFolder, readHostCredential } from '@cluster-ai/runtime';
import { Command, CommanderError } from 'commander';
import { verbs } from './commands/verbs.ts';
import { complete } from './completion.ts';
import { findClusterRecord } from './local/cluster-record.ts';
import type { ProcessFiles } from './local/process-files.ts';
import { createTrustingFetch } from './local/trust-cluster.ts';
import { explainError, toErrorJson } from './output/errors.ts';
import { exitCodes, toExitCode } from './output/exit-codes.ts';
import { type Language, pick, type Text, text } from './output/language.ts';
import type { Terminal } from './output/terminal.ts';
import type { Context, Verb } from './verb.ts';

/** What one call of the program stands on. */
export interface Surroundings {
  readonly terminal: Terminal;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  readonly version: string;
  readonly program: string;
  readonly selfCommand: readonly string[];
  readonly processFiles: ProcessFiles;
}

// somebody has just pressed a key and waits for the list
const COMPLETION_MS = 700;

/** Options that every verb has. */
export const sharedFlags = {
  json: {
    flags: '--json',
    description: text(
      'Print data as JSON, and errors as JSON on standard error',
      'Imprime os dados como JSON, e os erros como JSON na saída de erro',
    ),
  },
  dataDir: {
    flags: '--data-dir <folder>',
    description: text('Where everything lies (CLUSTER_AI_HOME; ~/.cluster-ai)', 'Onde tudo fica (CLUSTER_AI_HOME; ~/.cluster-ai)'),
  },
  url: {
    flags: '--url <address>',
    description: text(
      'Address of the cluster (CLUSTER_AI_URL); found by itself on its own machine',
      'Endereço do cluster (CLUSTER_AI_URL); na própria máquina é achado sozinho',
    ),
  },
  caFingerprint: {
    flags: '--ca-fingerprint <fingerprint>',
    description: text(
      'Trust only the cluster whose authority has this fingerprint (CLUSTER_AI_CA_FINGERPRINT)',
      'Confia só no cluster cuja autoridade tem esta impressão digital (CLUSTER_AI_CA_FINGERPRINT)',
    ),
  },
  yes: { flags: '-y, --yes', description: text('Ask nothing: yes to every question', 'Não pergunta nada: sim para tudo') },
} as const;

const groups = {
  certs: text('The certificates of the cluster', 'Os certificados do cluster'),
  nodes: text('The machines of the cluster', 'As máquinas do cluster'),
  models: text('The models that the cluster keeps', 'Os modelos que o cluster guarda'),
  operations: text('Long work: imports and pushes of models', 'Trabalhos longos: importações e envios de modelos'),
  compute: text('Parallel computing with Dask', 'Computação paralela com Dask'),
  tasks: text('Work that runs on the workers', 'Trabalho que roda nos workers'),
  users: text('The people who have a login', 'As pessoas que têm acesso'),
  roles: text('What roles may do, and which models somebody may use', 'O que os papéis podem, e que modelos alguém pode usar'),
  keys: text('The keys that programs sign in with', 'As chaves com que os programas entram'),
  audit: text('Who did what, and whether somebody changed that record', 'Quem fez o quê, e se alguém alterou esse registro'),
  secrets: text(
    'Tokens and passwords of other systems, and the keys that seal them',
    'Tokens e senhas de outros sistemas, e as chaves que os selam',
  ),
  backup: text('Save and bring back state and models', 'Salva e traz de volta estado e modelos'),
  config: text('The configuration', 'A configuração'),
} as const;

const about = text(
  'One private AI cluster out of the machines you already have.',
  'Um cluster de IA privado com as máquinas que você já tem.',
);
const helpTitles: Readonly<Record<string, Text>> = {
  'Usage:': text('Usage:', 'Uso:'),
  'Arguments:': text('Arguments:', 'Argumentos:'),
  'Options:': text('Options:', 'Opções:'),
  'Commands:': text('Commands:', 'Comandos:'),
};
const examplesTitle = text('Examples:', 'Exemplos:');

function findUrl(named: unknown, { environment }: Surroundings): string | undefined {
  return typeof named === 'string' ? named : environment['CLUSTER_AI_URL'] || undefined;
}

/** The key of the environment (an argument would stand in `ps`), else, for the cluster of this data folder, what makes its owner an admin. */
function findKey(url: string | undefined, folder: DataFolder, environment: Surroundings['environment']): string | undefined {
  return environment['CLUSTER_AI_API_KEY'] || (url === undefined ? readHostCredential(folder) : undefined);
}

function toContext(surroundings: Surroundings, options: Readonly<Record<string, unknown>>): Context {
  const { environment } = surroundings;
  const dataDir = typeof options['dataDir'] === 'string' ? options['dataDir'] : undefined;
  const folder = locateDataFolder(dataDir, environment);
  const url = findUrl(options['url'], surroundings);
  const address = () => {
    const found = url ?? findClusterRecord(folder)?.url;
    if (found !== undefined) return found;
    throw new ClusterError('not_running', `No cluster runs in ${folder.root}.`, {
      hint: `Start it with "${surroundings.program} up", or name a running one with --url or --data-dir.`,
    });
  };
  const namedPin = options['caFingerprint'];
  const fingerprint = typeof namedPin === 'string' ? namedPin : environment['CLUSTER_AI_CA_FINGERPRINT'] || undefined;
  let client: ClusterClient | undefined;
  return {
    ...surroundings,
    folder,
    isFolderNamed: dataDir !== undefined || Boolean(environment['CLUSTER_AI_HOME']),
    isRemote: url !== undefined,
    isJson: options['json'] === true,
    isYes: options['yes'] === true,
    address,
    connect: () =>
      (client ??= createClusterClient({
        baseUrl: address(),
        key: findKey(url, folder, environment),
        fetch: createTrustingFetch({ baseUrl: address(), folder, fingerprint }),
      })),
  };
}

/** Checks the options against their shapes; a wrong one is a usage error that names it. */
function readOptions(verb: Verb, given: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(verb.flags).map(([name, { flags, shape }]) => {
      const parsed = shape.safeParse(given[name]);
      if (parsed.success) return [name, parsed.data];
      throw new ClusterError('invalid_request', `${flags.split(' ')[0]}: ${parsed.error.issues[0]?.message ?? 'not valid'}`, {
        hint: `See "cluster-ai ${verb.path} --help".`,
        param: name,
      });
    }),
  );
}

/** A stranger is a mistake in this program: it is named, and with `CLUSTER_AI_DEBUG` the place as well. */
function toKnown(error: unknown, { environment }: Surroundings): ClusterError {
  if (isClusterError(error)) return error;
  const message = error instanceof Error ? (environment['CLUSTER_AI_DEBUG'] && error.stack) || error.message : String(error);
  return new ClusterError('internal', `The command line met something that it does not know: ${message}`, {
    hint: 'Run it again with CLUSTER_AI_DEBUG=1 and report what it prints.',
    cause: error,
  });
}

/** Ends a failed call: says why, and returns the exit code. */
function report(error: unknown, surroundings: Surroundings, isJson: boolean): number {
  const { terminal, signal } = surroundings;
  if (signal.aborted && error === signal.reason) return 130;
  const known = toKnown(error, surroundings);
  terminal.progress(isJson ? JSON.stringify(toErrorJson(known)) : explainError(terminal, known));
  return toExitCode(known.code);
}

/** What commander says, but never the words that it did not expect: one of them may be a secret in a wrong place. */
function toUsageMessage({ message, code }: CommanderError): string {
  // a group without a verb has printed its help already, which says all there is to say
  if (code === 'commander.help') return 'A command is missing.';
  const said = message.replace(/^error: /, '');
  return code === 'commander.excessArguments' ? said.replace(/(but got \d+):[\s\S]*$/, '$1.') : said;
}

/** A line that cannot be understood: what is wrong with it, and where to read how it goes. */
function reportUsage(error: CommanderError, { terminal }: Surroundings, args: readonly string[]): number {
  const words = args.filter((word) => !word.startsWith('-'));
  const path = verbs.find((verb) => verb.path === words.slice(0, verb.path.split(' ').length).join(' '))?.path;
  const hint = `See "${['cluster-ai', ...(path === undefined ? [] : [path]), '--help'].join(' ')}".`;
  const known = new ClusterError('invalid_request', toUsageMessage(error), { hint });
  terminal.progress(args.includes('--json') ? JSON.stringify(toErrorJson(known)) : explainError(terminal, known));
  return exitCodes.usage;
}

function addVerb(parent: Command, verb: Verb, surroundings: Surroundings, setExitCode: (code: number) => void): void {
  const { terminal } = surroundings;
  const { language } = terminal;
  const command = parent
    .command(verb.path.split(' ').at(-1) ?? verb.path)
    .summary(pick(language, verb.summary))
    .description(pick(language, verb.summary));
  for (const { name, description, choices } of verb.positionals) {
    const argument = command.createArgument(name, pick(language, description));
    command.addArgument(choices === undefined ? argument : argument.choices(choices));
  }
  for (const { flags, description } of [...Object.values(verb.flags), ...Object.values(sharedFlags)])
    command.option(flags, pick(language, description));
  command.addHelpText(
    'after',
    `\n${pick(language, examplesTitle)}\n${verb.examples.map((example) => `  ${terminal.tell(example)}`).join('\n')}`,
  );
  command.action(async (...received: unknown[]) => {
    const given = command.opts();
    try {
      const positionals = received
        .slice(0, verb.positionals.length)
        .flat()
        .filter((value) => value !== undefined)
        .map(String);
      setExitCode(await verb.execute(toContext(surroundings, given), positionals, readOptions(verb, given)));
    } catch (error) {
      setExitCode(report(error, surroundings, given['json'] === true));
    }
  });
}

function createGroup(program: Command, name: keyof typeof groups, language: Language): Command {
  return program.command(name).description(pick(language, groups[name]));
}

/** The whole command line as commander knows it. */
export function createProgram(surroundings: Surroundings, setExitCode: (code: number) => void): Command {
  const { terminal, version } = surroundings;
  const program = new Command('cluster-ai').description(pick(terminal.language, about)).version(version).showSuggestionAfterError();
  program.exitOverride().configureOutput({
    writeOut: (help) => terminal.piece(help),
    writeErr: (help) => terminal.progress(help.trimEnd()), // the help of a group that was called without a verb
    outputError: () => {}, // said once, at the end, in our own words
  });
  program.configureHelp({ styleTitle: (title) => pick(terminal.language, helpTitles[title] ?? text(title, title)) });
  const made = new Map<string, Command>();
  for (const verb of verbs) {
    const [first = '', second] = verb.path.split(' ');
    if (second === undefined) {
      addVerb(program, verb, surroundings, setExitCode);
      continue;
    }
    const group = made.get(first) ?? createGroup(program, first as keyof typeof groups, terminal.language);
    made.set(first, group);
    addVerb(group, verb, surroundings, setExitCode);
  }
  return program;
}

/** Runs one command line. Resolves to its exit code; never rejects. */
export async function runProgram(args: readonly string[], surroundings: Surroundings): Promise<number> {
  let exitCode: number = exitCodes.ok;
  if (args[0] === 'complete' && args[1] === '--') {
    const patience = AbortSignal.any([surroundings.signal, AbortSignal.timeout(COMPLETION_MS)]);
    const context = toContext({ ...surroundings, signal: patience }, {});
    surroundings.terminal.data(await complete(verbs, args.slice(2), context, Object.values(sharedFlags)));
    return exitCode;
  }
  const program = createProgram(surroundings, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync([...args], { from: 'user' });
    return exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError)) return report(error, surroundings, args.includes('--json'));
    return error.exitCode === 0 ? exitCodes.ok : reportUsage(error, surroundings, args);
  }
}
