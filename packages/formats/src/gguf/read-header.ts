import { phrase } from '@cluster-ai/contracts';
import { type BoundedReader, HeaderProblem, ImpossibleClaim } from './bounded-reader.ts';
import { type TensorType, tensorTypes } from './tensor-types.ts';

interface GgufArray {
  readonly length: number;
  /** The numbers of a short array; `undefined` for text and for long ones, which nobody here needs. */
  readonly numbers: readonly number[] | undefined;
}

export type GgufValue = string | number | boolean | GgufArray;

export interface GgufTensor {
  readonly name: string;
  readonly type: TensorType;
  readonly elements: number;
}

export interface GgufHeader {
  readonly version: number;
  readonly values: ReadonlyMap<string, GgufValue>;
  readonly tensors: readonly GgufTensor[];
}

const MAX_VALUES = 10_000;
const MAX_TENSORS = 65_536;
const MAX_KEY_BYTES = 256;
const MAX_TENSOR_NAME_BYTES = 63; // llama.cpp's own limit
const MAX_DIMENSIONS = 4;
const MAX_KEPT_TEXT_BYTES = 192 * 1024;
const MAX_KEPT_NUMBERS = 1024;
const DEFAULT_ALIGNMENT = 32;
const MAX_ALIGNMENT = 2 ** 20;
const STRING = 8;
const ARRAY = 9;

/** The chat template; models with several have more keys that begin like this. */
export const TEMPLATE_KEY = 'tokenizer.chat_template';

/** Text that somebody asks for later; all other text (a vocabulary is megabytes of it) is stepped over. */
const keptTexts = new Set([
  'general.architecture',
  'general.type',
  'general.name',
  'general.description',
  'general.license',
  'general.license.name',
]);

const isKept = (key: string) => keptTexts.has(key) || key.startsWith(TEMPLATE_KEY);

const scalarReaders: ReadonlyMap<number, { readonly bytes: number; readonly read: (view: Buffer) => number | boolean }> = new Map<
  number,
  { readonly bytes: number; readonly read: (view: Buffer) => number | boolean }
>([
  [0, { bytes: 1, read: (view) => view.readUInt8() }],
  [1, { bytes: 1, read: (view) => view.readInt8() }],
  [2, { bytes: 2, read: (view) => view.readUInt16LE() }],
  [3, { bytes: 2, read: (view) => view.readInt16LE() }],
  [4, { bytes: 4, read: (view) => view.readUInt32LE() }],
  [5, { bytes: 4, read: (view) => view.readInt32LE() }],
  [6, { bytes: 4, read: (view) => view.readFloatLE() }],
  [7, { bytes: 1, read: (view) => view.readUInt8() !== 0 }],
  [10, { bytes: 8, read: (view) => Number(view.readBigUInt64LE()) }],
  [11, { bytes: 8, read: (view) => Number(view.readBigInt64LE()) }],
  [12, { bytes: 8, read: (view) => view.readDoubleLE() }],
]);

async function takeNumber(reader: BoundedReader, bytes: 4 | 8, what: string): Promise<number> {
  await reader.fill(bytes, what);
  return bytes === 4 ? reader.takeU32() : reader.takeU64();
}

async function takeText(reader: BoundedReader, maxBytes: number, what: string): Promise<string> {
  const bytes = await takeNumber(reader, 8, `the length of ${what}`);
  if (bytes > reader.remaining) throw new ImpossibleClaim(`claims ${bytes} bytes for ${what}, more than the file has`);
  if (bytes > maxBytes) throw new ImpossibleClaim(`claims ${bytes} bytes for ${what}, where ${maxBytes} are the most`);
  await reader.fill(bytes, what);
  return reader.take(bytes).toString('utf8');
}

async function skipText(reader: BoundedReader, what: string): Promise<void> {
  if (reader.buffered < 8) await reader.fill(8, `the length of ${what}`);
  const bytes = reader.takeU64();
  reader.skip(bytes, what);
}

async function readArray(reader: BoundedReader, key: string): Promise<GgufArray> {
  const type = await takeNumber(reader, 4, `the element type of '${key}'`);
  const length = await takeNumber(reader, 8, `the length of '${key}'`);
  if (type === ARRAY) throw new ImpossibleClaim(`has an array of arrays in '${key}', which no engine reads`);
  const scalar = scalarReaders.get(type);
  if (!scalar && type !== STRING) throw new HeaderProblem(`has elements of the unknown type ${type} in '${key}'`);
  if (length * (scalar?.bytes ?? 8) > reader.remaining)
    throw new ImpossibleClaim(`claims ${length} elements in '${key}', more than the file has room for`);
  if (!scalar) {
    for (let index = 0; index < length; index++) await skipText(reader, `'${key}'`);
    return { length, numbers: undefined };
  }
  if (length > MAX_KEPT_NUMBERS) {
    reader.skip(length * scalar.bytes, `'${key}'`);
    return { length, numbers: undefined };
  }
  await reader.fill(length * scalar.bytes, `'${key}'`);
  return { length, numbers: Array.from({ length }, () => Number(scalar.read(reader.take(scalar.bytes)))) };
}

async function readValue(reader: BoundedReader, key: string): Promise<GgufValue | undefined> {
  const type = await takeNumber(reader, 4, `the type of '${key}'`);
  if (type === ARRAY) return readArray(reader, key);
  if (type === STRING) {
    if (isKept(key)) return takeText(reader, MAX_KEPT_TEXT_BYTES, `the text of '${key}'`);
    await skipText(reader, `the text of '${key}'`);
    return undefined;
  }
  const scalar = scalarReaders.get(type);
  if (!scalar) throw new HeaderProblem(`has a value of the unknown type ${type} in '${key}'`);
  await reader.fill(scalar.bytes, `the value of '${key}'`);
  return scalar.read(reader.take(scalar.bytes));
}

async function readValues(reader: BoundedReader, count: number): Promise<Map<string, GgufValue>> {
  const seen = new Set<string>();
  const values = new Map<string, GgufValue>();
  for (let index = 0; index < count; index++) {
    const key = await takeText(reader, MAX_KEY_BYTES, `key ${index + 1} of ${count}`);
    if (seen.has(key)) throw new ImpossibleClaim(`has the key '${key}' twice`);
    seen.add(key);
    const value = await readValue(reader, key);
    if (value !== undefined) values.set(key, value);
  }
  return values;
}

async function readDimensions(reader: BoundedReader, name: string): Promise<bigint[]> {
  const count = await takeNumber(reader, 4, `tensor '${name}'`);
  if (count < 1 || count > MAX_DIMENSIONS)
    throw new ImpossibleClaim(`gives tensor '${name}' ${count} dimensions, where 1 to ${MAX_DIMENSIONS} are possible`);
  await reader.fill(count * 8, `the dimensions of tensor '${name}'`);
  return Array.from({ length: count }, () => reader.takeBigU64());
}

/** Exact, whatever the dimensions are: a product that overflows must not look like a small one. */
function countElements(dimensions: readonly bigint[], name: string): number {
  const elements = dimensions.reduce((product, dimension) => product * dimension, 1n);
  if (dimensions.includes(0n)) throw new ImpossibleClaim(`gives tensor '${name}' a dimension of 0`);
  if (elements > BigInt(Number.MAX_SAFE_INTEGER)) throw new ImpossibleClaim(`gives tensor '${name}' more elements than a file can hold`);
  return Number(elements);
}

function countBytes(type: TensorType, dimensions: readonly bigint[], elements: number, name: string): bigint {
  if ((dimensions[0] ?? 0n) % BigInt(type.blockElements) !== 0n)
    throw new HeaderProblem(`has rows in tensor '${name}' that are not whole blocks of ${type.name}`);
  return (BigInt(elements) / BigInt(type.blockElements)) * BigInt(type.blockBytes);
}

const padTo = (alignment: bigint, position: bigint) => ((position + alignment - 1n) / alignment) * alignment;

async function readTensors(reader: BoundedReader, count: number, alignment: bigint): Promise<GgufTensor[]> {
  const seen = new Set<string>();
  const tensors: GgufTensor[] = [];
  let expectedOffset = 0n;
  let endOfData = 0n;
  for (let index = 0; index < count; index++) {
    const name = await takeText(reader, MAX_TENSOR_NAME_BYTES, `the name of tensor ${index + 1} of ${count}`);
    if (seen.has(name)) throw new ImpossibleClaim(`has the tensor '${name}' twice`);
    seen.add(name);
    const dimensions = await readDimensions(reader, name);
    const typeNumber = await takeNumber(reader, 4, `the type of tensor '${name}'`);
    const type = tensorTypes.get(typeNumber);
    if (!type) throw new HeaderProblem(`stores tensor '${name}' in the unknown type ${typeNumber}`);
    await reader.fill(8, `the place of tensor '${name}'`);
    const offset = reader.takeBigU64();
    if (offset !== expectedOffset)
      throw new ImpossibleClaim(`puts tensor '${name}' at byte ${offset} of the weights, where byte ${expectedOffset} was expected`);
    const elements = countElements(dimensions, name);
    endOfData = offset + countBytes(type, dimensions, elements, name);
    expectedOffset = padTo(alignment, endOfData);
    tensors.push({ name, type, elements });
  }
  checkEnd(reader, padTo(alignment, BigInt(reader.position)) + endOfData);
  return tensors;
}

function checkEnd(reader: BoundedReader, neededBytes: bigint): void {
  if (neededBytes > BigInt(reader.sizeBytes))
    throw new HeaderProblem(phrase('gguf_is_cut_short', { needed: String(neededBytes), size: reader.sizeBytes }));
}

async function readStart(reader: BoundedReader): Promise<{ version: number; tensorCount: number; valueCount: number }> {
  if (reader.sizeBytes === 0) throw new HeaderProblem(phrase('gguf_is_empty'));
  await reader.fill(4, 'the magic bytes');
  if (reader.take(4).toString('latin1') !== 'GGUF') throw new HeaderProblem(phrase('gguf_is_no_gguf'));
  const version = await takeNumber(reader, 4, 'the version');
  if (version % 65_536 === 0) throw new HeaderProblem('is in big-endian order, which this machine does not read');
  if (version < 2 || version > 3) throw new HeaderProblem(`is of GGUF version ${version}, where 2 and 3 are known`);
  const tensorCount = await takeNumber(reader, 8, 'the number of tensors');
  const valueCount = await takeNumber(reader, 8, 'the number of values');
  if (tensorCount > MAX_TENSORS) throw new ImpossibleClaim(`claims ${tensorCount} tensors, where ${MAX_TENSORS} are the most`);
  if (valueCount > MAX_VALUES) throw new ImpossibleClaim(`claims ${valueCount} values, where ${MAX_VALUES} are the most`);
  return { version, tensorCount, valueCount };
}

function readAlignment(values: ReadonlyMap<string, GgufValue>): number {
  const alignment = values.get('general.alignment') ?? DEFAULT_ALIGNMENT;
  const isPowerOfTwo = typeof alignment === 'number' && Number.isInteger(Math.log2(alignment)) && alignment >= 1;
  if (!isPowerOfTwo || alignment > MAX_ALIGNMENT)
    throw new ImpossibleClaim(`has the alignment ${String(alignment)}, which is not a power of two up to ${MAX_ALIGNMENT}`);
  return alignment;
}

/**
 * Reads and checks the header of a GGUF file, following ggml's `docs/gguf.md` and the checks of its loader (gguf.cpp), with limits of
 * our own in front: what the header claims is compared with the size of the file before anything is read or kept. Throws HeaderProblem.
 */
export async function readHeader(reader: BoundedReader): Promise<GgufHeader> {
  const { version, tensorCount, valueCount } = await readStart(reader);
  const values = await readValues(reader, valueCount);
  const tensors = await readTensors(reader, tensorCount, BigInt(readAlignment(values)));
  return { version, values, tensors };
}
