import { readFile } from 'node:fs/promises';
import { ClusterError, type Config, type ControlPlaneStart, configShape } from '@cluster-ai/contracts';
import { errnoOf } from '@cluster-ai/runtime';
import { LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import { takeOlderKeys } from './take-older-keys.ts';

/** A problem in the file, with the line where it is. */
function refuse(path: string, line: number | undefined, what: string): never {
  throw new ClusterError('config_invalid', `${path}${line === undefined ? '' : `, line ${line}`}: ${what}`, {
    hint: 'Every key is explained in docs/reference/config.md; an empty file works.',
  });
}

/** Aliases of aliases could grow a small file into all of the memory. */
function toValue(path: string, document: ReturnType<typeof parseDocument>): unknown {
  try {
    return document.toJS({ maxAliasCount: 20 });
  } catch (error) {
    return refuse(path, undefined, `cannot be read: ${String((error as Error).message)}.`);
  }
}

/** Reads `cluster.yaml`. A missing or empty file is the default configuration. Throws `config_invalid` with file, line and key. */
export async function readConfig(path: string): Promise<Config> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT') return '';
    return refuse(path, undefined, `cannot be read (${errnoOf(error) ?? 'unknown'}).`);
  });
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const [syntax] = document.errors;
  if (syntax) refuse(path, lines.linePos(syntax.pos[0]).line, syntax.message);
  const lineOf = (key: readonly PropertyKey[]) => {
    const node = document.getIn(key, true) as { range?: [number, number, number] } | undefined;
    const offset = node && typeof node === 'object' ? node.range?.[0] : undefined;
    return offset === undefined ? undefined : lines.linePos(offset).line;
  };
  const value = toValue(path, document) ?? {};
  const older = takeOlderKeys(value);
  if (older) refuse(path, lineOf(older.path), `"${older.path.join('.')}": ${older.what}.`);
  const parsed = configShape.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  return refuse(path, issue && lineOf(issue.path), toSentence(issue));
}

function toSentence(issue: z.core.$ZodIssue | undefined): string {
  if (!issue) return 'is not valid.';
  const key = issue.path.join('.');
  return key === '' ? `${issue.message}.` : `"${key}": ${issue.message}.`;
}

/** The ports that somebody named, in the file or on the command line: taken ones are errors, taken defaults move. */
export interface EffectiveConfig {
  readonly config: Config;
  readonly isNamed: { readonly main: boolean; readonly link: boolean; readonly ollama: boolean; readonly registry: boolean };
}

/** Defaults < file < command line. */
export async function loadConfig(
  path: string,
  start: Pick<ControlPlaneStart, 'port' | 'ollamaPort' | 'registryPort' | 'linkPort' | 'logLevel' | 'insecurePlainHttpOnNetwork'>,
): Promise<EffectiveConfig> {
  const file = await readConfig(path);
  const defaults = configShape.parse({});
  const config = configShape.parse({
    ...file,
    listeners: {
      ...file.listeners,
      main: { ...file.listeners.main, ...(start.port === undefined ? {} : { port: start.port }) },
      ollama: { ...file.listeners.ollama, ...(start.ollamaPort === undefined ? {} : { port: start.ollamaPort }) },
      registry: { ...file.listeners.registry, ...(start.registryPort === undefined ? {} : { port: start.registryPort }) },
      link: { ...file.listeners.link, ...(start.linkPort === undefined ? {} : { port: start.linkPort }) },
      ...(start.insecurePlainHttpOnNetwork === true ? { insecurePlainHttpOnNetwork: true } : {}),
    },
    ...(start.logLevel === undefined ? {} : { logs: { level: start.logLevel } }),
  });
  const isNamed = (name: 'main' | 'link' | 'ollama' | 'registry') => config.listeners[name].port !== defaults.listeners[name].port;
  return {
    config,
    isNamed: {
      main: start.port !== undefined || isNamed('main'),
      link: start.linkPort !== undefined || isNamed('link'),
      ollama: start.ollamaPort !== undefined || isNamed('ollama'),
      registry: start.registryPort !== undefined || isNamed('registry'),
    },
  };
}
