import { join } from 'node:path';
import { type Condition, reasons as knownReasons, type ReasonCode, toCondition } from '@cluster-ai/contracts';
import { type Child, type Clock, keepRunning, type Logger, pythonVariables, type ReadyPython, startProgram } from '@cluster-ai/runtime';

export type PythonMessage = Readonly<Record<string, unknown>>;

export interface PythonChildOptions {
  /** For the log. */
  readonly name: string;
  /** Below `cluster_ai`. */
  readonly module: string;
  readonly python: ReadyPython;
  /** Its home and the only folder that it may write. */
  readonly scratch: string;
  /** Asked anew before each start. */
  readonly configuration: () => object;
  readonly onMessage: (message: PythonMessage) => void;
  /** How it is, said by what it does. */
  readonly reasons: { readonly starting: ReasonCode; readonly crashed: ReasonCode };
  readonly onChange: () => void;
  readonly clock: Clock;
  readonly log: Logger;
}

const longestReason = 300;
/** As Dask logs what is as it should be: also whoever comes without a certificate, such as our own tries of the way. */
const isChatter = / - (?:DEBUG|INFO) - |TLS handshake failed/;

function toFailure({ code, message }: PythonMessage, usual: ReasonCode) {
  const isKnown = typeof code === 'string' && code in knownReasons;
  return { reason: isKnown ? (code as ReasonCode) : usual, message: String(message ?? '').slice(0, longestReason) };
}

/** One of our Python processes beside the control plane: started, started again with growing pauses, stopped. Its first message is `ready`. */
export function createPythonChild(options: PythonChildOptions) {
  const { name, module, python, scratch, configuration, onMessage, reasons, onChange, clock, log } = options;
  let condition = toCondition('starting', reasons.starting, clock.now());
  let child: Child | undefined;
  let lastLine = '';
  /** What it said itself before it ended. */
  let failure: { readonly reason: ReasonCode; readonly message: string } | undefined;

  function tell(next: Condition): void {
    condition = next;
    onChange();
  }

  function receive(message: PythonMessage): void {
    onMessage(message);
    if (message['type'] === 'failed') failure = toFailure(message, reasons.crashed);
    if (message['type'] === 'ready') tell(toCondition('ready', 'serving', clock.now()));
  }

  function hear(line: string): void {
    if (line.trim() === '') return;
    lastLine = line.slice(0, longestReason);
    (isChatter.test(line) ? log.debug : log.warn)({ name, line }, 'A Python process says');
  }

  function start(): Child {
    lastLine = '';
    failure = undefined;
    child = startProgram({
      command: python.python,
      args: ['-m', `cluster_ai.${module}`],
      environment: pythonVariables(python.sources, scratch),
      folder: scratch,
      configuration: configuration(),
      onMessage: receive,
      onErrorLine: hear,
    });
    return child;
  }

  function onExit(): void {
    const { reason, message } = failure ?? { reason: reasons.crashed, message: lastLine };
    tell(toCondition('failed', reason, clock.now(), message === '' ? {} : { message }));
  }

  return {
    condition: () => condition,
    pid: () => child?.pid,
    send: (message: object) => child?.send(message) ?? false,
    run: (signal: AbortSignal) => keepRunning({ name, start, clock, log, onExit }, signal),
  };
}
export type PythonChild = ReturnType<typeof createPythonChild>;

export const scratchOf = (dataFolder: string, name: string) => join(dataFolder, 'compute', 'run', name);
