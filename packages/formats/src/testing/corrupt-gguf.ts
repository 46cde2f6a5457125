import { createRandom32 } from './random-numbers.ts';

type Change = (file: Buffer) => Buffer;

const find = (file: Buffer, text: string): number => {
  const at = file.indexOf(text);
  if (at < 0) throw new RangeError(`The file has no '${text}' to damage.`);
  return at + text.length;
};

/** Overwrites so many bytes after a text. Keys are followed by their type (4 bytes), arrays by element type (4) and length (8). */
const patch =
  (text: string, offset: number, bytes: readonly number[]): Change =>
  (file) => {
    const copy = Buffer.from(file);
    copy.set(bytes, find(file, text) + offset);
    return copy;
  };

const uint32 = (value: number) => [...Buffer.from(Uint32Array.of(value).buffer)];
const uint64 = (value: bigint) => [...Buffer.from(BigUint64Array.of(value).buffer)];

const overwrite =
  (offset: number, bytes: readonly number[]): Change =>
  (file) => {
    const copy = Buffer.from(file);
    copy.set(bytes, offset);
    return copy;
  };

function scatter(file: Buffer): Buffer {
  const copy = Buffer.from(file);
  const next = createRandom32(3);
  for (let count = 0; count < 200; count++) copy[24 + (next() % 19_976)] = next() & 255;
  return copy;
}

function zeroSecondHalf(file: Buffer): Buffer {
  const copy = Buffer.from(file);
  return copy.fill(0, copy.length >> 1);
}

function endWithNaN(file: Buffer): Buffer {
  const copy = Buffer.from(file);
  return copy.fill(Buffer.from([0xff, 0x7f]), copy.length - 2_000_000);
}

/** A tensor's entry: name, number of dimensions (4), two dimensions (16), type (4), offset (8). */
const firstMatrix = 'blk.0.attn_q.weight';

const changes = {
  empty: () => Buffer.alloc(0),
  'cut at 8 bytes': (file) => file.subarray(0, 8),
  'cut in the metadata': (file) => file.subarray(0, 5000),
  'cut in half': (file) => file.subarray(0, file.length >> 1),
  'cut by one byte': (file) => file.subarray(0, -1),
  'other magic': overwrite(0, [...Buffer.from('GGUX')]),
  'unknown version': overwrite(4, uint32(99)),
  'big-endian': overwrite(4, [0, 0, 0, 3]),
  'absurd number of tensors': overwrite(8, uint64(1n << 60n)),
  'absurd number of values': overwrite(16, uint64(1n << 60n)),
  'largest number of tensors': overwrite(8, uint64(2n ** 64n - 1n)),
  'absurd key length': overwrite(24, uint64(2n ** 64n - 1n)),
  'too many blocks': patch('llama.block_count', 4, uint32(99)),
  'no heads': patch('llama.attention.head_count', 4, uint32(0)),
  'absurd array length': patch('tokenizer.ggml.tokens', 8, uint64(1n << 40n)),
  'array of arrays': patch('tokenizer.ggml.tokens', 4, uint32(9)),
  'unknown value type': patch('llama.block_count', 0, uint32(77)),
  'first token out of range': patch('tokenizer.ggml.bos_token_id', 4, uint32(999_999)),
  'unknown architecture': patch('general.architecture', 12, [...Buffer.from('zzzzz')]),
  'key twice': patch('tokenizer.ggml.add_', 0, [...Buffer.from('eos')]),
  'tensor twice': patch('blk.1.attn_q', -'1.attn_q'.length, [...Buffer.from('0')]),
  'tensor outside of the file': patch(firstMatrix, 24, uint64(1n << 50n)),
  'unknown tensor type': patch(firstMatrix, 20, uint32(77)),
  'absurd dimension': patch(firstMatrix, 4, uint64(1n << 62n)),
  'dimension of 0': patch(firstMatrix, 4, uint64(0n)),
  'overflowing dimensions': patch(firstMatrix, 4, [...uint64(1n << 32n), ...uint64((1n << 32n) + 1n)]),
  'too many dimensions': patch(firstMatrix, 0, uint32(1_000_000)),
  'scattered bytes': scatter,
  'zeroed weights': zeroSecondHalf,
  'weights that are no numbers': endWithNaN,
} as const satisfies Record<string, Change>;

export type Corruption = keyof typeof changes;

/** All ways to damage a file that `corruptGguf` knows. The last two touch only weights: no header shows them, only the digest does. */
export const corruptions = Object.keys(changes) as readonly Corruption[];

/** A damaged copy of a file that `makeTinyGguf` made. */
export function corruptGguf(file: Buffer, how: Corruption): Buffer {
  return changes[how](file);
}
