import type { ClusterClient } from '@cluster-ai/client';
import type { Framework, PublishVersionInput } from '@cluster-ai/contracts';
import { isClusterError } from '@cluster-ai/contracts';
import type { QueryClient } from '@tanstack/react-query';
import { useSyncExternalStore } from 'react';

/** What the files become: a version of a model. */
export interface UploadWish {
  readonly name: string;
  readonly version?: string;
  readonly description?: string;
  readonly framework?: Framework;
}

/** One file with its place inside the version. */
export interface UploadFile {
  readonly path: string;
  readonly file: File;
}

export interface UploadJob {
  readonly id: number;
  readonly name: string;
  readonly state: 'uploading' | 'publishing' | 'done' | 'failed' | 'cancelled';
  readonly bytesDone: number;
  readonly bytesTotal: number;
  /** Of the last seconds; 0 until it is known. */
  readonly bytesPerSecond: number;
  readonly current: string;
  readonly error: unknown;
}

const CHUNK_BYTES = 8 * 1024 * 1024;
const PATIENCE = 5;
const PAUSE_MS = 1000;
const MEMORY_KEY = 'cluster-ai.uploads';

/** Which upload of the cluster a file of this browser belongs to, so that the same file goes on where it stopped, also after a reload. */
function createMemory(storage: Pick<Storage, 'getItem' | 'setItem'>) {
  const nameOf = ({ path, file }: UploadFile) => `${path} ${file.size} ${file.lastModified}`;
  const read = (): Record<string, string> => {
    try {
      return JSON.parse(storage.getItem(MEMORY_KEY) ?? '{}') as Record<string, string>;
    } catch {
      return {};
    }
  };
  const write = (entries: Record<string, string>) => {
    try {
      storage.setItem(MEMORY_KEY, JSON.stringify(entries));
    } catch {
      // a full or forbidden storage: it can then not go on after a reload
    }
  };
  return {
    find: (file: UploadFile): string | undefined => read()[nameOf(file)],
    note: (file: UploadFile, id: string) => write({ ...read(), [nameOf(file)]: id }),
    forget(file: UploadFile) {
      const { [nameOf(file)]: _, ...rest } = read();
      write(rest);
    },
  };
}

const passingStatuses: ReadonlySet<number> = new Set([429, 502, 503, 504]);
const mayHelpAgain = (error: unknown) => isClusterError(error) && (error.code === 'not_running' || passingStatuses.has(error.status));

export interface UploadsOptions {
  readonly cluster: Pick<ClusterClient, 'startUpload' | 'getUpload' | 'appendToUpload' | 'finishUpload' | 'publishVersion'>;
  readonly queryClient: Pick<QueryClient, 'invalidateQueries'>;
  readonly storage?: Pick<Storage, 'getItem' | 'setItem'>;
  readonly now?: () => number;
  readonly sleep?: (ms: number) => Promise<void>;
}

/** Files on their way from this browser into the registry. They go on while one looks at other pages. */
export function createUploads({
  cluster,
  queryClient,
  storage = localStorage,
  now = () => performance.now(),
  sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
}: UploadsOptions) {
  const memory = createMemory(storage);
  const listeners = new Set<() => void>();
  const stops = new Map<number, AbortController>();
  let jobs: readonly UploadJob[] = [];
  let nextId = 1;

  function set(id: number, change: Partial<UploadJob>): void {
    jobs = jobs.map((job) => (job.id === id ? { ...job, ...change } : job));
    for (const listener of listeners) listener();
  }

  async function open(file: UploadFile, signal: AbortSignal) {
    const known = memory.find(file);
    if (known !== undefined) {
      const found = await cluster.getUpload(known, { signal }).catch((error: unknown) => {
        if (isClusterError(error) && error.status === 404) return undefined; // expired, or somebody else's
        throw error;
      });
      if (found) return found;
    }
    const begun = await cluster.startUpload({ sizeBytes: file.file.size }, { signal });
    memory.note(file, begun.id);
    return begun;
  }

  /** Sends what is missing, piece by piece; after a cut it asks where the cluster stands and goes on there. */
  async function send(file: UploadFile, signal: AbortSignal, onOffset: (offset: number) => void): Promise<string> {
    let { id, offset } = await open(file, signal);
    onOffset(offset);
    for (let failures = 0; offset < file.file.size; ) {
      try {
        const piece = await file.file.slice(offset, offset + CHUNK_BYTES).arrayBuffer();
        ({ offset } = await cluster.appendToUpload(id, offset, new Uint8Array(piece), { signal }));
        failures = 0;
      } catch (error) {
        if (signal.aborted || !mayHelpAgain(error) || ++failures >= PATIENCE) throw error;
        await sleep(PAUSE_MS * 2 ** failures);
        ({ id, offset } = await open(file, signal));
      }
      onOffset(offset);
    }
    return id;
  }

  async function run(id: number, wish: UploadWish, files: readonly UploadFile[], signal: AbortSignal): Promise<void> {
    const marks: { at: number; bytes: number }[] = [];
    let before = 0;
    const blobs: { path: string; digest: string }[] = [];
    for (const file of files) {
      const uploadId = await send(file, signal, (offset) => {
        marks.push({ at: now(), bytes: before + offset });
        if (marks.length > 12) marks.shift();
        const [first] = marks;
        const seconds = first ? (now() - first.at) / 1000 : 0;
        const bytesPerSecond = first && seconds > 0 ? (before + offset - first.bytes) / seconds : 0;
        set(id, { bytesDone: before + offset, bytesPerSecond, current: file.path });
      });
      const { digest } = await cluster.finishUpload(uploadId, {}, { signal });
      memory.forget(file);
      blobs.push({ path: file.path, digest });
      before += file.file.size;
    }
    set(id, { state: 'publishing', bytesPerSecond: 0 });
    const { version, ...rest } = wish;
    const input: PublishVersionInput = { ...rest, ...(version === undefined ? {} : { version }), files: blobs };
    await cluster.publishVersion(input, { signal });
    set(id, { state: 'done' });
    await Promise.all([queryClient.invalidateQueries({ queryKey: ['registry'] }), queryClient.invalidateQueries({ queryKey: ['models'] })]);
  }

  return {
    start(wish: UploadWish, files: readonly UploadFile[]): void {
      const id = nextId++;
      const stop = new AbortController();
      stops.set(id, stop);
      const bytesTotal = files.reduce((sum, { file }) => sum + file.size, 0);
      jobs = [
        ...jobs,
        { id, name: wish.name, state: 'uploading', bytesDone: 0, bytesTotal, bytesPerSecond: 0, current: '', error: undefined },
      ];
      set(id, {});
      void run(id, wish, files, stop.signal)
        .catch((error: unknown) => set(id, stop.signal.aborted ? { state: 'cancelled' } : { state: 'failed', error }))
        .finally(() => stops.delete(id));
    },
    cancel: (id: number) => stops.get(id)?.abort(new Error('cancelled')),
    /** Takes one that has ended off the list. */
    dismiss(id: number) {
      jobs = jobs.filter((job) => job.id !== id || stops.has(id));
      for (const listener of listeners) listener();
    },
    jobs: () => jobs,
    subscribe(listener: () => void): () => void {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
export type Uploads = ReturnType<typeof createUploads>;

export const useUploadJobs = (uploads: Uploads): readonly UploadJob[] => useSyncExternalStore(uploads.subscribe, uploads.jobs);
