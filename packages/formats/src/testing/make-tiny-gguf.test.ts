import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeTinyGguf, type TinyGgufOptions } from './make-tiny-gguf.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tiny-'));
});
afterAll(() => rm(folder, { recursive: true }));

const digestOf = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex');

// measurements that were taken with these files stay comparable as long as the bytes stay the same
const known: readonly (readonly [Omit<TinyGgufOptions, 'path'>, string])[] = [
  [{}, '8336805427ae1624e14bf5f5117dd4356edc7be9440de894609a14221ee86bfa'],
  [{ type: 'Q8_0' }, '92d95ee6daebfbcb476126093ae63df80dee7c7d41b59c0d109b19faba7ba51b'],
  [{ type: 'F32', seed: 7 }, '737cab207f064db665486b45a3879b35f13e5c016ab5010fafb68ac6e090ef4a'],
  [{ layers: 2, mayEnd: true }, 'afcfa06e6a2c37b3f6c756751e41d7739696194c22111e30248c448b079a5e4e'],
  [{ preset: 'small', type: 'Q8_0', seed: 2 }, 'c38acc8570c6fc7a6d5727afc5f8ab3bd7185aa91a53b1538facc40ec5020e89'],
];

test.each(known)('the same options %o give the same bytes', (options, digest) => {
  const made = makeTinyGguf({ ...options, path: join(folder, 'model.gguf') });
  expect(digestOf(made.path)).toBe(digest);
  expect(statSync(made.path).size).toBe(made.sizeBytes);
});

test('a shape that no attention head fits into is refused', () => {
  expect(() => makeTinyGguf({ path: join(folder, 'odd.gguf'), embd: 250 })).toThrow(RangeError);
});
