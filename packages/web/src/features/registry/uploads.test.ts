import type { ClusterClient } from '@cluster-ai/client';
import { ClusterError, type PublishVersionInput } from '@cluster-ai/contracts';
import { expect, test, vi } from 'vitest';
import { createUploads } from './uploads.ts';

interface FakeOptions {
  /** Appends that are cut before anything arrives. */
  readonly cuts?: number;
  readonly error?: ClusterError;
}

/** Holds bytes as the registry does: an append at another place than the end is refused. */
function createFakeRegistry({ cuts = 0, error = new ClusterError('not_running', 'Nothing answers.') }: FakeOptions = {}) {
  const sizes = new Map<string, number>();
  const published: PublishVersionInput[] = [];
  let left = cuts;
  const status = (id: string) => ({ id, offset: sizes.get(id) ?? 0, sizeBytes: null, expiresAt: '' });
  const registry = {
    startUpload: vi.fn(async () => {
      const id = `upload_${sizes.size + 1}`;
      sizes.set(id, 0);
      return status(id);
    }),
    getUpload: vi.fn(async (id: string) => {
      if (!sizes.has(id)) throw new ClusterError('blob_not_found', 'No such upload.');
      return status(id);
    }),
    appendToUpload: vi.fn(async (id: string, offset: number, bytes: Uint8Array) => {
      if (left-- > 0) throw error;
      if (offset !== sizes.get(id)) throw new ClusterError('conflict', 'Not there.');
      sizes.set(id, offset + bytes.length);
      return status(id);
    }),
    finishUpload: vi.fn(async (id: string) => ({ digest: `sha256:${id}`, sizeBytes: sizes.get(id) ?? 0 })),
    publishVersion: vi.fn(async (input: PublishVersionInput) => void published.push(input)),
  };
  return { registry, sizes, published };
}

function createStorage() {
  const entries = new Map<string, string>();
  return { getItem: (key: string) => entries.get(key) ?? null, setItem: (key: string, value: string) => void entries.set(key, value) };
}

function createSubject(fake: ReturnType<typeof createFakeRegistry>, storage = createStorage()) {
  const uploads = createUploads({
    cluster: fake.registry as unknown as ClusterClient,
    queryClient: { invalidateQueries: async () => {} },
    storage,
    now: () => 0,
    sleep: async () => {},
  });
  const ended = () =>
    vi.waitFor(() => expect(uploads.jobs().every(({ state }) => state !== 'uploading' && state !== 'publishing')).toBe(true), {
      timeout: 30_000,
    });
  return { uploads, ended };
}

const toFile = (path: string, bytes: number) => ({ path, file: new File([new Uint8Array(bytes)], path, { lastModified: 1 }) });

test('several files go up one after the other and become one version', async () => {
  const fake = createFakeRegistry();
  const { uploads, ended } = createSubject(fake);
  uploads.start({ name: 'lab/tiny', version: '1.0.0' }, [toFile('model.gguf', 20), toFile('readme.md', 5)]);
  await ended();
  expect(fake.published).toEqual([
    {
      name: 'lab/tiny',
      version: '1.0.0',
      files: [
        { path: 'model.gguf', digest: 'sha256:upload_1' },
        { path: 'readme.md', digest: 'sha256:upload_2' },
      ],
    },
  ]);
  expect(uploads.jobs()[0]).toMatchObject({ state: 'done', bytesDone: 25, bytesTotal: 25 });
});

test('after a cut it goes on where the cluster stands; what cannot be mended ends it with its reason', async () => {
  const mended = createFakeRegistry({ cuts: 3 });
  const first = createSubject(mended);
  first.uploads.start({ name: 'a' }, [toFile('a.bin', 10)]);
  await first.ended();
  expect(first.uploads.jobs()[0]).toMatchObject({ state: 'done' });
  expect(mended.registry.startUpload).toHaveBeenCalledTimes(1);

  const full = createFakeRegistry({ cuts: 1, error: new ClusterError('disk_full', 'No room.') });
  const second = createSubject(full);
  second.uploads.start({ name: 'a' }, [toFile('a.bin', 10)]);
  await second.ended();
  expect(second.uploads.jobs()[0]).toMatchObject({ state: 'failed', error: { code: 'disk_full' } });
  expect(full.published).toEqual([]);
});

test('the same file, chosen again after a reload, goes on in the upload that was begun; another file does not', async () => {
  const storage = createStorage();
  const fake = createFakeRegistry({ cuts: 9 });
  const before = createSubject(fake, storage);
  before.uploads.start({ name: 'a' }, [toFile('a.bin', 10)]);
  await before.ended();
  expect(before.uploads.jobs()[0]).toMatchObject({ state: 'failed' });
  fake.sizes.set('upload_1', 4);
  const after = createSubject(createFakeRegistry(), storage);
  const same = createFakeRegistry();
  same.sizes.set('upload_1', 4);
  const again = createSubject(same, storage);
  again.uploads.start({ name: 'a' }, [toFile('a.bin', 10)]);
  await again.ended();
  expect(same.registry.startUpload).not.toHaveBeenCalled();
  expect(same.registry.appendToUpload.mock.calls[0]?.[1]).toBe(4);
  after.uploads.start({ name: 'a' }, [toFile('b.bin', 10)]);
  await after.ended();
  expect(after.uploads.jobs()[0]).toMatchObject({ state: 'done' });
});

test('a cancelled one says so, and an ended one can be taken off the list', async () => {
  const fake = createFakeRegistry();
  fake.registry.appendToUpload.mockImplementation((_id, _offset, _bytes, ...rest) => {
    const { signal } = (rest as unknown as [{ signal: AbortSignal }])[0];
    return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  });
  const { uploads, ended } = createSubject(fake);
  uploads.start({ name: 'a' }, [toFile('a.bin', 10)]);
  await vi.waitFor(() => expect(fake.registry.appendToUpload).toHaveBeenCalled(), { timeout: 30_000 });
  uploads.cancel(uploads.jobs()[0]?.id ?? 0);
  await ended();
  expect(uploads.jobs()[0]?.state).toBe('cancelled');
  await vi.waitFor(
    () => {
      uploads.dismiss(uploads.jobs()[0]?.id ?? 0);
      expect(uploads.jobs()).toEqual([]);
    },
    { timeout: 30_000 },
  );
});
