import type { Budget } from '../inspection/budget.ts';
import { BrokenStructure, toDetail } from '../inspection/report.ts';
import { readFields, readNumbers, toText } from '../protobuf/read-fields.ts';
import type { ByteSource } from '../source/byte-source.ts';

export interface OnnxTensor {
  readonly name: string;
  readonly elements: bigint;
  readonly type: number;
  /** Bytes of its raw data; `undefined` where it is written in another way, or elsewhere. */
  readonly rawBytes: number | undefined;
  /** The keys and values of data that lies in another file. */
  readonly external: ReadonlyMap<string, string>;
}

/** Fields of TensorProto and StringStringEntryProto in onnx.proto. */
const DIMENSIONS = 1;
const TYPE = 2;
const NAME = 8;
const RAW = 9;
const EXTERNAL = 13;
const MAX_DIMENSIONS = 64;

/** Bits of an element by ONNX's number of its type; texts have none. */
const bitsOf: ReadonlyMap<number, number> = new Map([
  [1, 32],
  [2, 8],
  [3, 8],
  [4, 16],
  [5, 16],
  [6, 32],
  [7, 64],
  [9, 8],
  [10, 16],
  [11, 64],
  [12, 32],
  [13, 64],
  [14, 64],
  [15, 128],
  [16, 16],
  [17, 8],
  [18, 8],
  [19, 8],
  [20, 8],
  [21, 4],
  [22, 4],
  [23, 4],
]);

export function readEntry(source: ByteSource, budget: Budget): readonly [key: string, value: string] {
  let key = '';
  let value = '';
  for (const field of readFields(source, budget)) {
    if (field.kind === 'part' && field.number === 1) key = toText(field.part);
    if (field.kind === 'part' && field.number === 2) value = toText(field.part);
  }
  return [key, value];
}

function countElements(dimensions: readonly bigint[], name: string): bigint {
  const signed = dimensions.map((dimension) => BigInt.asIntN(64, dimension));
  if (signed.length > MAX_DIMENSIONS) throw new BrokenStructure(`${signed.length} dimensions of ${name}`, 'impossible_claim');
  if (signed.some((dimension) => dimension < 0n)) throw new BrokenStructure(`a negative dimension of ${name}`, 'impossible_claim');
  const elements = signed.reduce((product, dimension) => product * dimension, 1n);
  if (elements > BigInt(Number.MAX_SAFE_INTEGER)) throw new BrokenStructure(`${elements} elements of ${name}`, 'impossible_claim');
  return elements;
}

function checkRaw({ name, elements, type, rawBytes }: OnnxTensor): void {
  const bits = bitsOf.get(type);
  if (rawBytes === undefined || bits === undefined) return;
  const needed = (elements * BigInt(bits) + 7n) / 8n;
  if (needed !== BigInt(rawBytes)) throw new BrokenStructure(`${name} needs ${needed} bytes and has ${rawBytes}`, 'impossible_claim');
}

/** A tensor without its numbers. */
export function readTensor(source: ByteSource, budget: Budget): OnnxTensor {
  const dimensions: bigint[] = [];
  const external = new Map<string, string>();
  let name = '';
  let type = 0;
  let rawBytes: number | undefined;
  for (const field of readFields(source, budget)) {
    if (field.number === DIMENSIONS) for (const dimension of readNumbers(field, budget)) dimensions.push(dimension);
    if (field.number === TYPE && field.kind === 'varint') type = Number(field.value);
    if (field.number === NAME && field.kind === 'part') name = toDetail(toText(field.part));
    if (field.number === RAW && field.kind === 'part') rawBytes = field.part.sizeBytes;
    if (field.number === EXTERNAL && field.kind === 'part') external.set(...readEntry(field.part, budget));
  }
  const tensor = { name, type, rawBytes, external, elements: countElements(dimensions, name) };
  checkRaw(tensor);
  return tensor;
}
