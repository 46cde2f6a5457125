import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isClusterError } from '@cluster-ai/contracts';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Corruption, corruptGguf, corruptions } from '../testing/corrupt-gguf.ts';
import { makeTinyGguf } from '../testing/make-tiny-gguf.ts';
import { createRandom32 } from '../testing/random-numbers.ts';
import { inspectGguf } from './inspect-gguf.ts';

const isLong = process.env['CLUSTER_AI_LONG_TESTS'] === '1';

const starter = fileURLToPath(new URL('../../../control-plane/assets/starter/cluster-ai-starter.gguf', import.meta.url));

let folder = '';
let whole: Buffer;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'inspect-'));
  whole = readFileSync(makeTinyGguf({ path: join(folder, 'tiny.gguf') }).path);
});
afterAll(() => rm(folder, { recursive: true }));

async function inspectBytes(bytes: Uint8Array) {
  const path = join(folder, 'case.gguf');
  await writeFile(path, bytes);
  return inspectGguf(path);
}

const refusal = (what: string | RegExp) => expect.objectContaining({ code: 'invalid_model_file', message: expect.stringMatching(what) });

describe('a good file', () => {
  test('says what it is', async () => {
    expect(await inspectGguf(join(folder, 'tiny.gguf'))).toMatchObject({
      format: 'gguf',
      architecture: 'llama',
      family: 'llama',
      parameterCount: 3_475_712,
      parameterSize: '3.48M',
      quantization: 'F16',
      contextLength: 2048,
      embeddingLength: 256,
      blockCount: 4,
      headCount: 8,
      headCountKv: 4,
      vocabularySize: 1024,
      description: 'random-tiny',
      capabilities: ['completion', 'chat', 'embedding'],
    });
  });

  test('the starter model is accepted, with its licence', async () => {
    expect(await inspectGguf(starter)).toMatchObject({ quantization: 'Q8_0', licence: 'MIT', vocabularySize: 3072 });
  });

  test('version 2 is read like version 3', async () => {
    const copy = Buffer.from(whole);
    copy.writeUInt32LE(2, 4);
    expect(await inspectBytes(copy)).toMatchObject({ architecture: 'llama' });
  });
});

describe('a damaged file', () => {
  /** The weights are not read: only a digest shows damage there. */
  const onlyInWeights: readonly Corruption[] = ['zeroed weights', 'weights that are no numbers'];
  const sentences: Partial<Record<Corruption, string>> = {
    empty: 'is empty',
    'cut at 8 bytes': 'ends at byte 8',
    'cut in half': 'is cut short: its weights need 6979072 bytes, and the file has 3489536',
    'cut by one byte': 'is cut short',
    'other magic': "does not begin with 'GGUF'",
    'unknown version': 'version 99',
    'big-endian': 'big-endian',
    'absurd number of tensors': 'claims 1152921504606847000 tensors',
    'too many blocks': 'has 99 blocks, but has weights of 4',
    'no heads': "'llama.attention.head_count' that is not a whole number of at least 1",
    'absurd array length': "elements in 'tokenizer.ggml.tokens', more than the file has room for",
    'array of arrays': 'array of arrays',
    'first token out of range': "token 999999 as 'bos', but has 1024 tokens",
    'unknown architecture': "does not say 'zzzzz.context_length'",
    'key twice': "key 'tokenizer.ggml.add_eos_token' twice",
    'tensor twice': "tensor 'blk.0.attn_q.weight' twice",
    'tensor outside of the file': "puts tensor 'blk.0.attn_q.weight' at byte 1125899906842624",
    'unknown tensor type': 'unknown type 77',
    'dimension of 0': 'dimension of 0',
    'overflowing dimensions': 'more elements than a file can hold',
    'too many dimensions': '1000000 dimensions',
  };

  test.each(corruptions.filter((how) => !onlyInWeights.includes(how)))('%s: is refused with a sentence', async (how) => {
    await expect(inspectBytes(corruptGguf(whole, how))).rejects.toEqual(
      refusal(sentences[how] ?? 'is not a complete, valid GGUF file. It '),
    );
  });

  test.each(onlyInWeights)('%s: passes here', async (how) => {
    expect(await inspectBytes(corruptGguf(whole, how))).toMatchObject({ architecture: 'llama' });
  });

  test('cut at any of its first 64 bytes, or at 50 places anywhere, it is refused', async () => {
    const next = createRandom32(50);
    const places = [...Array(65).keys(), ...Array.from({ length: 50 }, () => next() % whole.length)];
    for (const place of places) await expect(inspectBytes(whole.subarray(0, place)), `cut at ${place}`).rejects.toEqual(refusal(/./));
  });
});

describe('what only looks like a file', () => {
  test('a missing file is not found', async () => {
    await expect(inspectGguf(join(folder, 'nowhere.gguf'))).rejects.toMatchObject({ code: 'file_not_found' });
  });

  test('a folder, a pipe, a device and a loop of links are refused without waiting', async () => {
    await mkdir(join(folder, 'folder.gguf'));
    execFileSync('mkfifo', [join(folder, 'pipe.gguf')]);
    await symlink(join(folder, 'loop.gguf'), join(folder, 'loop.gguf'));
    await expect(inspectGguf(join(folder, 'folder.gguf'))).rejects.toEqual(refusal('is a folder'));
    await expect(inspectGguf(join(folder, 'pipe.gguf'))).rejects.toEqual(refusal('a pipe or a device'));
    await expect(inspectGguf('/dev/zero')).rejects.toEqual(refusal('a pipe or a device'));
    await expect(inspectGguf(join(folder, 'loop.gguf'))).rejects.toEqual(refusal('loop of symbolic links'));
    await expect(inspectGguf('/proc/self/environ')).rejects.toEqual(refusal('is empty'));
  });
});

test('no damage to a header does more than being refused: nothing else is thrown, little time, little memory', async () => {
  const small = { layers: 1, embd: 64, ff: 64, heads: 2, kvheads: 1, vocab: 512 };
  const { path } = makeTinyGguf({ path: join(folder, 'fuzz.gguf'), ...small });
  const bytes = readFileSync(path);
  const headerEnd = bytes.length - 2 * 64 * 512 * 2; // embeddings and output are most of what follows
  const damage = fc.array(fc.tuple(fc.integer({ min: 0, max: headerEnd }), fc.constantFrom(0, 1, 8, 9, 64, 127, 128, 255)), {
    minLength: 1,
    maxLength: 12,
  });
  const early = fc.array(fc.tuple(fc.integer({ min: 4, max: 600 }), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 6 });
  const copy = Buffer.from(bytes);
  let slowestMs = 0;
  const heapBefore = process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers;
  let mostBytes = 0;
  await fc.assert(
    fc.asyncProperty(fc.oneof(damage, early), async (changes) => {
      for (const [place, byte] of changes) copy[place] = byte;
      await writeFile(path, copy);
      for (const [place] of changes) copy[place] = bytes[place] ?? 0;
      const before = process.cpuUsage();
      const thrown = await inspectGguf(path).then(
        () => undefined,
        (error: unknown) => error,
      );
      const { user, system } = process.cpuUsage(before); // not the wall clock: the machine may be busy with others
      slowestMs = Math.max(slowestMs, (user + system) / 1000);
      mostBytes = Math.max(mostBytes, process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers - heapBefore);
      expect(thrown === undefined || isClusterError(thrown)).toBe(true);
    }),
    { numRuns: isLong ? 3000 : 600, seed: 20_261_121 },
  );
  expect(slowestMs).toBeLessThan(1000);
  expect(mostBytes).toBeLessThan(64 * 1024 * 1024);
});
