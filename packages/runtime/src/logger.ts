import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { type DestinationStream, type Logger as PinoLogger, pino, stdTimeFunctions } from 'pino';
import buildRoll from 'pino-roll';
import { maskSecrets } from './mask-secrets.ts';

type Write = (fields: object, sentence: string) => void;

/** One constant sentence and fields. Never prompts, answers, tokens or keys. */
export interface Logger {
  readonly debug: Write;
  readonly info: Write;
  readonly warn: Write;
  readonly error: Write;
  child(fields: object): Logger;
}

export interface LoggerOptions {
  /** Which process writes: `control-plane`, `agent`, `engine`, `cli`. */
  readonly process: string;
  readonly level?: string;
  /** A file that is kept below some tens of megabytes by rotation; standard error when left out. */
  readonly file?: string;
}

// what might hold a secret is cut before it is written, whatever the caller passes
const redact = [
  'token',
  'key',
  'password',
  'authorization',
  'cookie',
  'secret',
  'prompt',
  'content',
  '*.token',
  '*.key',
  '*.password',
  '*.authorization',
  '*.cookie',
  '*.secret',
];

function toLogger(instance: PinoLogger): Logger {
  return {
    debug: (fields, sentence) => instance.debug(fields, sentence),
    info: (fields, sentence) => instance.info(fields, sentence),
    warn: (fields, sentence) => instance.warn(fields, sentence),
    error: (fields, sentence) => instance.error(fields, sentence),
    child: (fields) => toLogger(instance.child(fields)),
  };
}

/** Opens a log of JSON lines: `{ timestamp, level, process, msg, … }`. */
export async function openLogger({ process: name, level = 'info', file }: LoggerOptions): Promise<Logger> {
  const options = {
    level,
    base: { process: name },
    timestamp: () => stdTimeFunctions.isoTime().replace('"time"', '"timestamp"'),
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: redact, censor: '[redacted]' },
    hooks: { streamWrite: maskSecrets }, // what stands in the middle of a text: the message of an error, a line of a child
  };
  if (file === undefined) return toLogger(pino(options, pino.destination({ dest: 2, sync: false })));
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const stream = await buildRoll({ file, size: '10m', limit: { count: 4 }, mkdir: true });
  return toLogger(pino(options, stream as unknown as DestinationStream));
}

/** A log that keeps nothing, for tests. */
export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {}, child: () => silentLogger };
