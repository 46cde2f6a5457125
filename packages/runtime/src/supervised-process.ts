import { flushCompileCache } from 'node:module';
import { toWireError, type WireError } from '@cluster-ai/contracts';
import { endWithParent } from './supervised-child.ts';

type Failure = { readonly type: 'failed'; readonly error: WireError };

export interface SupervisedProcess<Start, Message extends { readonly type: string }> {
  /** How the process is called in `ps`. */
  readonly title: string;
  /** By this message everything is loaded. */
  readonly readyMessage: Message['type'];
  /** Works until the signal aborts. */
  readonly run: (start: Start, tell: (message: Message) => void, signal: AbortSignal) => Promise<void>;
}

/** Where a supervisor puts what its process is started with, as JSON. */
export const START_VARIABLE = 'CLUSTER_AI_START';

/** Something still open must not keep a stopped process alive. */
const LINGER_MS = 500;

/**
 * The body of a process that a supervisor (`cluster-ai up`, `join`) starts: what to do as JSON in its environment (unlike
 * arguments, other users cannot read that), news over IPC.
 * Ends on SIGTERM, and when its parent is gone.
 */
export async function runSupervisedProcess<Start, Message extends { readonly type: string }>({
  title,
  readyMessage,
  run,
}: SupervisedProcess<Start, Message>): Promise<void> {
  const start = JSON.parse(process.env[START_VARIABLE] ?? '{}') as Start;
  delete process.env[START_VARIABLE]; // it may hold a token, and children of ours need none of it
  const stop = new AbortController();
  const tell = (message: Message | Failure) => {
    if (process.connected) process.send?.(message, () => {});
    if (message.type === readyMessage) flushCompileCache(); // the next start reads it from there, and needs less memory
  };
  const attempt = async () => {
    try {
      await run(start, tell, stop.signal);
      return 0;
    } catch (error) {
      tell({ type: 'failed', error: toWireError(error) });
      process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
      return 1;
    }
  };

  process.title = title;
  process.on('SIGTERM', () => stop.abort());
  process.on('SIGINT', () => {}); // Ctrl-C reaches the whole group; the supervisor decides
  const running = attempt();
  endWithParent(async () => {
    stop.abort();
    await running;
  });
  process.exitCode = await running;
  setTimeout(() => process.exit(), LINGER_MS).unref();
  if (process.connected) process.disconnect();
}
