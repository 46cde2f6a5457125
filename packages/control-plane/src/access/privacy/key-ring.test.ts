import { link, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { newMasterKey } from '../secrets/master-key.ts';
import { isSameRing, type KeyRing, mergeKeyRings } from './key-ring.ts';
import { isRingFileName, readRingFile, ringFileName, writeRingFile } from './ring-file.ts';

const id = '0123456789abcdef';
const toKey = (name: string, ownerId = `owner of ${name}`) => ({
  id: name,
  ownerId,
  key: Buffer.alloc(32, name).toString('base64'),
  createdAt: 1,
});
const toErased = (person: string, ...keyIds: string[]) => ({ id: person, keyIds, at: 1 });
const toRing = (more: Partial<KeyRing> = {}): KeyRing => ({ id, keys: [], erased: [], ...more });

describe('two rings of one cluster', () => {
  const merges = (mine: KeyRing, other: KeyRing) => [mergeKeyRings(mine, other), mergeKeyRings(other, mine)];

  test('have the keys of both together, in whichever order', () => {
    const [one, two] = merges(toRing({ keys: [toKey('a'), toKey('b')] }), toRing({ keys: [toKey('b'), toKey('c')] }));
    expect(one?.keys.map((key) => key.id)).toEqual(['a', 'b', 'c']);
    expect(isSameRing(one ?? toRing(), two ?? toRing({ keys: [toKey('x')] }))).toBe(true);
  });

  test('do not bring back who was erased in one of them, by name or by key', () => {
    const erasing = toRing({ keys: [toKey('c')], erased: [toErased('ana', 'a')] });
    for (const { keys, erased } of merges(erasing, toRing({ keys: [toKey('a', 'local'), toKey('b', 'ana'), toKey('c')] }))) {
      expect(keys.map((key) => key.id)).toEqual(['c']);
      expect(erased.map((person) => person.id)).toEqual(['ana']);
    }
  });

  test('leave a key to whoever adopted it, and know all keys of somebody who was erased in both', () => {
    for (const { keys } of merges(toRing({ keys: [toKey('a', 'local')] }), toRing({ keys: [toKey('a', 'ana')] })))
      expect(keys).toMatchObject([{ ownerId: 'ana' }]);
    for (const { erased } of merges(toRing({ erased: [toErased('ana', 'b')] }), toRing({ erased: [toErased('ana', 'a')] })))
      expect(erased).toMatchObject([{ keyIds: ['a', 'b'] }]);
  });
});

describe('the file of a ring', () => {
  const master = newMasterKey();
  const findMaster = (wanted: string) => (wanted === master.id ? master : undefined);
  const ring = toRing({ keys: [toKey('a')], erased: [toErased('bia', 'b')] });
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'key-ring-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  test('opens with its master key only, is for its owner alone, and shows nothing', async () => {
    const path = await writeRingFile(folder, ring, master);
    expect(await readdir(folder)).toEqual([ringFileName(id)]);
    expect(isRingFileName(ringFileName(id))).toBe(true);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readRingFile(path, findMaster)).toEqual({ state: 'open', masterKeyId: master.id, ring });
    expect(await readRingFile(path, () => undefined)).toEqual({ state: 'locked', masterKeyId: master.id });
    expect(await readRingFile(path, () => newMasterKey())).toEqual({ state: 'damaged' });
    expect(await readRingFile(join(folder, 'none'), findMaster)).toEqual({ state: 'absent' });
    const text = await readFile(path, 'utf8');
    for (const hidden of [...ring.keys.flatMap(({ key }) => [key, Buffer.from(key, 'base64')]), 'bia', 'owner'])
      expect(text.includes(String(hidden))).toBe(false);
  });

  test('whatever somebody makes of it is damaged, never an exception', async () => {
    const path = await writeRingFile(folder, ring, master);
    const content = JSON.parse(await readFile(path, 'utf8'));
    for (const changed of [
      '',
      'null',
      '[]',
      '{',
      JSON.stringify({ ...content, sealed: 'AAAA' }),
      JSON.stringify({ ...content, salt: 'AAAA' }),
      JSON.stringify({ ...content, masterKeyId: '../../etc/passwd' }),
      JSON.stringify({ ...content, sealed: `B${String(content.sealed).slice(1)}` }),
    ]) {
      await writeFile(path, changed);
      expect([changed, await readRingFile(path, findMaster)]).toEqual([changed, { state: 'damaged' }]);
    }
  });

  test('takes the place of the earlier one, whose bytes are overwritten under every name; a link is replaced, not followed', async () => {
    const path = await writeRingFile(folder, ring, master);
    const earlier = join(folder, 'earlier');
    await link(path, earlier);
    const { size } = await stat(earlier);
    await writeRingFile(folder, toRing(), master);
    expect(await readFile(earlier)).toEqual(Buffer.alloc(size));
    expect(await readRingFile(path, findMaster)).toMatchObject({ ring: { keys: [] } });

    await rm(path);
    await writeFile(earlier, 'precious');
    await symlink(earlier, path);
    await writeRingFile(folder, ring, master);
    expect(await readFile(earlier, 'utf8')).toBe('precious');
    expect(await readRingFile(path, findMaster)).toMatchObject({ ring });
  });
});
