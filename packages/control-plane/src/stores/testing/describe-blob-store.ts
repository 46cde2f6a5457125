import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { BlobStore } from '../blob-store.ts';

const never = new AbortController().signal;
const digestOf = (bytes: Uint8Array) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** A fresh, empty place for blobs, that can be opened more than once. The folder is of this machine, for whatever the store needs there. */
export interface BlobPlace {
  open(folder: string): Promise<BlobStore>;
  /** Changes the bytes at their place, as a failing disk would. */
  damage(store: BlobStore, digest: string, bytes: Uint8Array): Promise<void>;
  remove(): Promise<void>;
}

/** What every blob store must do, wherever the bytes lie. */
export function describeBlobStore(name: string, makePlace: () => Promise<BlobPlace>): void {
  describe(`${name} as the blob store`, () => {
    let root: string;
    let place: BlobPlace;
    let blobs: BlobStore;
    const open = async () => {
      blobs = await place.open(join(root, 'blobs'));
    };

    beforeEach(async () => {
      root = await mkdtemp(join(tmpdir(), 'cluster-ai-blobs-'));
      place = await makePlace();
      await open();
    });
    afterEach(async () => {
      await place.remove();
      await rm(root, { recursive: true, force: true });
    });

    async function takeIn(bytes: Uint8Array): Promise<string> {
      const path = join(root, 'source');
      await rm(path, { force: true }); // a link of it may be the blob by now
      await writeFile(path, bytes);
      await using staged = await blobs.stage(path, never);
      await staged.send(never);
      await staged.place();
      return staged.digest;
    }
    const listAll = async () => (await Array.fromAsync(blobs.list())).flat().sort();
    const readAll = async (digest: string, range?: { from: number; to: number }) => buffer(await blobs.read(digest, range));

    test('bytes that were placed are there, whole and in ranges, also when it is opened again', async () => {
      const bytes = randomBytes(300_000);
      const digest = await takeIn(bytes);
      expect(digest).toBe(digestOf(bytes));
      await open();
      expect(await blobs.sizeOf(digest)).toBe(bytes.length);
      expect(await readAll(digest)).toEqual(bytes);
      expect(await readAll(digest, { from: 5, to: 5 })).toEqual(bytes.subarray(5, 6));
      expect(await readAll(digest, { from: 200_000, to: 299_999 })).toEqual(bytes.subarray(200_000));
      expect(await blobs.digestOf(digest, { signal: never })).toBe(digest);
      expect(await listAll()).toEqual([digest]);
      expect(blobs.pathOf(digest)).toContain(digest.slice(7));
    });

    test('what is not here is not here, in every way of asking', async () => {
      const digest = digestOf(Buffer.from('nothing'));
      expect(await blobs.sizeOf(digest)).toBeUndefined();
      expect(await blobs.digestOf(digest, { signal: never })).toBeUndefined();
      await expect(blobs.read(digest)).rejects.toMatchObject({ code: 'blob_not_found' });
      expect(await listAll()).toEqual([]);
    });

    test('bytes are marked before they are placed, until they are settled: kept when used, gone when not', async () => {
      const digest = await takeIn(Buffer.from('some weights'));
      await open();
      expect(await blobs.unsettled()).toEqual([digest]);
      await blobs.settle(digest, true);
      expect([await blobs.unsettled(), await blobs.sizeOf(digest)]).toEqual([[], 12]);
      await blobs.markUnsettled(digest);
      await blobs.settle(digest, false);
      expect([await blobs.unsettled(), await blobs.sizeOf(digest)]).toEqual([[], undefined]);
      await blobs.settle(digest, false); // once more, as after a crash
    });

    test('placed again when they went between sending and placing', async () => {
      const bytes = Buffer.from('some weights');
      const digest = await takeIn(bytes);
      await writeFile(join(root, 'again'), bytes);
      await using staged = await blobs.stage(join(root, 'again'), never);
      await staged.send(never);
      await blobs.settle(digest, false);
      await staged.place();
      expect([await blobs.sizeOf(digest), await blobs.unsettled()]).toEqual([12, [digest]]);
    });

    test('damage is seen by reading, and placing the same bytes repairs it only when told', async () => {
      const digest = await takeIn(Buffer.from('some weights'));
      const damaged = Buffer.from('some WEIGHTS');
      await place.damage(blobs, digest, damaged);
      expect(await blobs.digestOf(digest, { signal: never })).toBe(digestOf(damaged));
      await takeIn(Buffer.from('some weights'));
      expect(await readAll(digest)).toEqual(damaged);
      await using staged = await blobs.stage(join(root, 'source'), never);
      await staged.place({ replace: true });
      expect((await readAll(digest)).toString()).toBe('some weights');
    });

    test('a file of ours is adopted without moving it', async () => {
      const bytes = randomBytes(1000);
      const path = join(blobs.uploadsFolder, 'upload_1');
      await writeFile(path, bytes);
      {
        await using staged = await blobs.adopt(path, digestOf(bytes), bytes.length);
        await staged.send(never);
        await staged.place();
      }
      expect(await readFile(path)).toEqual(bytes);
      expect(await readAll(digestOf(bytes))).toEqual(bytes);
      expect(await readdir(join(root, 'blobs', 'staging'))).toEqual([]);
    });

    test('partial uploads outlast an opening, staged files do not', async () => {
      await writeFile(join(blobs.uploadsFolder, 'upload_1'), 'half');
      await writeFile(join(root, 'blobs', 'staging', 'half'), 'half');
      await open();
      expect(await readdir(blobs.uploadsFolder)).toEqual(['upload_1']);
      expect(await readdir(join(root, 'blobs', 'staging'))).toEqual([]);
    });

    test('its label is the one that was written last', async () => {
      expect(await blobs.readLabel()).toBeUndefined();
      await blobs.writeLabel('one');
      await blobs.writeLabel('two');
      await open();
      expect(await blobs.readLabel()).toBe('two');
    });

    test.each([
      'sha256:../../../../etc/passwd',
      `sha256:${'A'.repeat(64)}`,
      `sha512:${'a'.repeat(64)}`,
      `sha256:${'a'.repeat(63)}`,
      `sha256:${'a'.repeat(64)}\n`,
      `sha256:${'a'.repeat(60)}/../`,
      '',
    ])('%j is no digest, so it has no place', async (text) => {
      expect(() => blobs.pathOf(text)).toThrow(expect.objectContaining({ code: 'invalid_request' }));
      const refused = { code: 'invalid_request' };
      await expect((async () => blobs.settle(text, false))()).rejects.toMatchObject(refused);
      await expect((async () => blobs.markUnsettled(text))()).rejects.toMatchObject(refused);
      await expect((async () => blobs.read(text))()).rejects.toMatchObject(refused);
      await expect((async () => blobs.sizeOf(text))()).rejects.toMatchObject(refused);
    });
  });
}
