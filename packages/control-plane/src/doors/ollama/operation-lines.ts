import { ClusterError, fromWireError, type Operation } from '@cluster-ai/contracts';
import type { Imports } from '../../registry/imports/imports.ts';

export interface ProgressLine {
  readonly status: string;
  readonly digest?: string;
  readonly total?: number;
  readonly completed?: number;
}

const words = {
  import: { begin: 'pulling manifest', file: 'pulling', end: ['verifying sha256 digest', 'writing manifest'] },
  push: { begin: 'retrieving manifest', file: 'pushing', end: ['pushing manifest'] },
} as const;

/** As clients show it beside the bar: twelve digits of the digest. */
const shorten = (digest: string) => digest.replace(/^sha256:/, '').slice(0, 12);

function toFileLine({ kind, file, phase }: Operation): ProgressLine | undefined {
  if (file === null || (phase !== 'downloading' && phase !== 'uploading' && phase !== 'verifying')) return undefined;
  const digest = file.digest ?? file.path;
  return { status: `${words[kind].file} ${shorten(digest)}`, digest, total: file.sizeBytes ?? 0, completed: file.bytesDone };
}

export function toFailure({ reason, state }: Operation): ClusterError {
  if (state === 'cancelled') return new ClusterError('cancelled', 'It was cancelled.');
  return fromWireError(reason, 'internal', 'It failed.');
}

const isSame = (a: ProgressLine | undefined, b: ProgressLine) => a?.status === b.status && a.completed === b.completed;

/** An operation in the lines that Ollama's clients know. Ends with `success`; throws what it failed with. */
export async function* toProgressLines(changes: AsyncIterable<Operation>): AsyncGenerator<ProgressLine, void, undefined> {
  let last: ProgressLine | undefined;
  let hasBegun = false;
  let isEnding = false;
  for await (const operation of changes) {
    const { begin, end } = words[operation.kind];
    if (!hasBegun) yield { status: begin };
    hasBegun = true;
    const line = toFileLine(operation);
    if (line !== undefined && !isSame(last, line)) yield line;
    last = line ?? last;
    if (!isEnding && (operation.phase === 'publishing' || operation.phase === 'done')) {
      isEnding = true;
      for (const status of end) yield { status };
    }
    if (operation.state === 'done') return yield { status: 'success' };
    if (operation.state === 'failed' || operation.state === 'cancelled') throw toFailure(operation);
  }
  throw new ClusterError('shutting_down', 'The cluster is stopping.', { hint: 'It goes on by itself after the next start.' });
}

/** Counts who follows which operation, so that one which nobody follows any more ends, as it does when somebody leaves an Ollama. */
export function createFollowers(imports: Pick<Imports, 'watch' | 'cancel'>) {
  const following = new Map<string, number>();
  return async function* follow(id: string, isOwn: boolean, signal: AbortSignal): AsyncGenerator<Operation, void, undefined> {
    following.set(id, (following.get(id) ?? 0) + 1);
    try {
      yield* imports.watch(id, signal);
    } finally {
      const left = (following.get(id) ?? 1) - 1;
      if (left > 0) following.set(id, left);
      else following.delete(id);
      const hasLeft = signal.aborted && (signal.reason as { code?: string }).code === 'cancelled';
      if (isOwn && left === 0 && hasLeft) await imports.cancel(id).catch(() => {}); // it may have ended just now
    }
  };
}
