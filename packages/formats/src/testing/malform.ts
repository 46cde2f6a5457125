import fc from 'fast-check';

/** A change to bytes that a fuzzer makes. Places are fractions, so that shrinking keeps them inside. */
type Change = (bytes: Buffer, other: Buffer) => Buffer;

const MAX_BYTES = 256 * 1024;
const placeIn = (bytes: Buffer, fraction: number) => Math.min(bytes.length, Math.floor(fraction * bytes.length));
const fraction = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
const extremes = fc.constantFrom(0n, 1n, 0x7fn, 0xffn, 0x7fffn, 0xffffn, 0x7fffffffn, 0xffffffffn, 1n << 62n, 1n << 63n, (1n << 64n) - 1n);

function overwrite(bytes: Buffer, at: number, value: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  value.copy(copy, Math.min(at, Math.max(0, copy.length - 1)));
  return copy;
}

function toBytes(value: bigint, length: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes.subarray(0, length);
}

function insert(bytes: Buffer, at: number, more: Buffer): Buffer {
  return Buffer.concat([bytes.subarray(0, at), more, bytes.subarray(at)]).subarray(0, MAX_BYTES);
}

const byteChange = fc.tuple(fraction, fc.integer({ min: 0, max: 255 })).map(
  ([at, value]): Change =>
    (bytes) =>
      overwrite(bytes, placeIn(bytes, at), Buffer.from([value])),
);
const extremeChange = fc.tuple(fraction, extremes, fc.constantFrom(1, 2, 4, 8)).map(
  ([at, value, length]): Change =>
    (bytes) =>
      overwrite(bytes, placeIn(bytes, at), toBytes(value, length)),
);
const cut = fraction.map(
  (at): Change =>
    (bytes) =>
      bytes.subarray(0, placeIn(bytes, at)),
);
const removal = fc.tuple(fraction, fraction).map(
  ([a, b]): Change =>
    (bytes) => {
      const [from, to] = [placeIn(bytes, Math.min(a, b)), placeIn(bytes, Math.max(a, b))];
      return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
    },
);
const doubling = fc.tuple(fraction, fraction, fraction).map(
  ([a, b, at]): Change =>
    (bytes) =>
      insert(bytes, placeIn(bytes, at), bytes.subarray(placeIn(bytes, Math.min(a, b)), placeIn(bytes, Math.max(a, b)))),
);
const splice = fc.tuple(fraction, fraction).map(
  ([at, from]): Change =>
    (bytes, other) =>
      Buffer.concat([bytes.subarray(0, placeIn(bytes, at)), other.subarray(placeIn(other, from))]).subarray(0, MAX_BYTES),
);
const insertion = fc.tuple(fraction, fc.uint8Array({ maxLength: 64 })).map(
  ([at, more]): Change =>
    (bytes) =>
      insert(bytes, placeIn(bytes, at), Buffer.from(more)),
);

const change = fc.oneof(
  { arbitrary: byteChange, weight: 4 },
  { arbitrary: extremeChange, weight: 4 },
  cut,
  removal,
  doubling,
  splice,
  insertion,
);

/** Files that were well, or attacks, damaged in one to six ways. */
function damaged(seeds: readonly Buffer[]): fc.Arbitrary<Buffer> {
  const seed = fc.integer({ min: 0, max: seeds.length - 1 }).map((index) => seeds[index] ?? Buffer.alloc(0));
  return fc
    .tuple(seed, seed, fc.array(change, { minLength: 1, maxLength: 6 }))
    .map(([bytes, other, changes]) => changes.reduce((result, one) => one(result, other), bytes));
}

const opcodeBytes = [...'(.012FILNPRSVabcdgilpstGJKMQTUX])}ehjoqru'].map((character) => character.charCodeAt(0));
const laterOpcodes = Array.from({ length: 25 }, (_, index) => 0x80 + index);
const opcodeLike = fc.oneof(
  fc.constantFrom(...opcodeBytes, ...laterOpcodes).map((byte) => Buffer.from([byte])),
  fc
    .constantFrom('cos\nsystem\n', '\x8c\x02os\x8c\x06system\x93', "S'x'\n", 'K\x01', 'U\x03abc', '(t', '}', ')', 'q\x00', 'h\x00')
    .map((text) => Buffer.from(text, 'latin1')),
  fc.uint8Array({ minLength: 1, maxLength: 6 }).map((bytes) => Buffer.from(bytes)),
);
/** Rows of opcodes, which are pickles by and by. */
const pickles = fc
  .tuple(fc.constantFrom('', '\x80\x02', '\x80\x04', '\x80\x05'), fc.array(opcodeLike, { maxLength: 60 }), fc.constantFrom('', '.'))
  .map(([start, parts, end]) => Buffer.concat([Buffer.from(start, 'latin1'), ...parts, Buffer.from(end)]));

const number = fc.oneof(fc.integer({ min: -2, max: 64 }), fc.constantFrom(2 ** 31, 2 ** 53, 1e300, 0.5));
const tensor = fc.record({
  dtype: fc.constantFrom('F32', 'F16', 'I8', 'F4', 'X'),
  shape: fc.array(number, { maxLength: 4 }),
  data_offsets: fc.array(number, { maxLength: 3 }),
});
/** Headers of safetensors whose numbers do not fit. */
const safetensors = fc
  .tuple(
    fc.dictionary(fc.string({ maxLength: 8 }), fc.oneof(tensor, fc.jsonValue({ maxDepth: 3 })), { maxKeys: 5 }),
    fc.integer({ min: 0, max: 128 }),
    fc.integer({ min: -2, max: 2 }),
  )
  .map(([header, dataBytes, lie]) => {
    const text = Buffer.from(JSON.stringify(header));
    return Buffer.concat([toBytes(BigInt(Math.max(0, text.length + lie)), 8), text, Buffer.alloc(dataBytes)]);
  });

const field = fc
  .tuple(fc.integer({ min: 1, max: 26 }), fc.constantFrom(0, 1, 2, 5, 3), fc.uint8Array({ maxLength: 40 }))
  .map(([number_, kind, bytes]) =>
    Buffer.concat([Buffer.from([((number_ << 3) | kind) & 0x7f]), kind === 2 ? Buffer.from([bytes.length]) : Buffer.alloc(0), bytes]),
  );
/** Fields as protobuf has them, behind a beginning that both formats share. */
const messages = fc.array(field, { maxLength: 12 }).map((fields) => Buffer.concat([Buffer.from([0x08, 0x01]), ...fields]));

const magics = [
  'GGUF\x03\0\0\0',
  'PK\x03\x04',
  'PK\x05\x06',
  '\x89HDF\r\n\x1a\n\0\0\0\0\0\x08\x08\0',
  '\x93NUMPY\x01\0',
  '\x1f\x8b\x08\0',
  '\x28\xb5\x2f\xfd',
  '\x80\x04',
  '{"class_name":',
];
/** Noise behind a mark. */
const noise = fc
  .tuple(fc.constantFrom('', ...magics), fc.uint8Array({ maxLength: 400 }))
  .map(([magic, bytes]) => Buffer.concat([Buffer.from(magic, 'latin1'), Buffer.from(bytes)]));

/** Malformed files over all formats. */
export function malformed(seeds: readonly Buffer[]): fc.Arbitrary<Buffer> {
  return fc.oneof(
    { arbitrary: damaged(seeds), weight: 12 },
    { arbitrary: pickles, weight: 3 },
    { arbitrary: safetensors, weight: 2 },
    { arbitrary: messages, weight: 2 },
    { arbitrary: noise, weight: 2 },
  );
}
