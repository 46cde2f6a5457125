import { ClusterError, fromWireError, type Operation } from '@cluster-ai/contracts';
import { formatBytes } from '../../output/format.ts';
import { fill, type Text, text } from '../../output/language.ts';
import type { Context } from '../../verb.ts';

const ASK_EVERY_MS = 500;
const BAR_LENGTH = 24;
/** How often a line is written where nothing can be written over. */
const PLAIN_EVERY_MS = 5000;

export const phaseTexts: Readonly<Record<Operation['phase'], Text>> = {
  waiting: text('waits for others', 'espera por outras'),
  resolving: text('asks the source', 'consulta a origem'),
  downloading: text('downloads', 'baixa'),
  verifying: text('checks the bytes', 'verifica os bytes'),
  uploading: text('uploads', 'envia'),
  publishing: text('registers', 'registra'),
  done: text('done', 'pronto'),
};

const texts = {
  goesOn: text('It goes on by itself: {program} operations ls', 'Continua sozinha: {program} operations ls'),
  left: text('{time} left', 'faltam {time}'),
};

export function formatDuration(seconds: number): string {
  const pad = (value: number) => String(value).padStart(2, '0');
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return hours > 0 ? `${hours}:${pad(minutes)}:${pad(Math.round(seconds) % 60)}` : `${minutes}:${pad(Math.round(seconds) % 60)}`;
}

/** "━━━━━━────  42 %  1.2 GiB / 2.9 GiB  48.1 MiB/s  0:36 left". */
export function formatProgress(operation: Operation, say: (message: Text) => string): string {
  const { progress, bytesDone, bytesTotal, bytesPerSecond, etaSeconds, phase } = operation;
  const full = Math.round(progress * BAR_LENGTH);
  const parts = [
    `${'━'.repeat(full)}${'─'.repeat(BAR_LENGTH - full)}`,
    `${String(Math.floor(progress * 100)).padStart(3)} %`,
    bytesTotal === null ? formatBytes(bytesDone) : `${formatBytes(bytesDone)} / ${formatBytes(bytesTotal)}`,
    ...(bytesPerSecond > 0 ? [`${formatBytes(bytesPerSecond)}/s`] : []),
    ...(etaSeconds === null ? [] : [fill(say(texts.left), { time: formatDuration(etaSeconds) })]),
    say(phaseTexts[phase]),
  ];
  return parts.join('  ');
}

/** One line that is written over on a terminal; elsewhere one line now and then. */
function createProgressLine({ terminal, isJson }: Context) {
  const isOver = terminal.isInteractive && !isJson;
  let writtenAt = -Infinity;
  let last = '';
  return {
    show(operation: Operation): void {
      if (isJson) return;
      const line = formatProgress(operation, terminal.say).slice(0, Math.max(20, terminal.columns - 1));
      if (isOver) process.stderr.write(`\r\x1b[2K${line}`);
      else if (performance.now() - writtenAt >= PLAIN_EVERY_MS && line !== last) {
        writtenAt = performance.now();
        terminal.progress(line);
      }
      last = line;
    },
    end: () => void (isOver && last !== '' && process.stderr.write('\n')),
  };
}

const pause = (ms: number, signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
  });

/** Shows how far it is until it has ended. Throws what it failed with. Whoever stops watching does not stop it. */
export async function followOperation(context: Context, begun: Operation): Promise<Operation> {
  const { terminal, signal, program } = context;
  const client = context.connect();
  const line = createProgressLine(context);
  let operation = begun;
  try {
    while (operation.state === 'queued' || operation.state === 'running') {
      line.show(operation);
      await pause(ASK_EVERY_MS, signal);
      if (signal.aborted) break;
      operation = await client.getOperation(operation.id, { signal });
    }
    line.show(operation);
  } finally {
    line.end();
  }
  if (signal.aborted) {
    terminal.progress(fill(terminal.say(texts.goesOn), { program }));
    throw signal.reason;
  }
  if (operation.state === 'failed') throw fromWireError(operation.reason, 'internal', 'It failed.');
  if (operation.state === 'cancelled') throw new ClusterError('cancelled', 'Somebody cancelled it.');
  return operation;
}
