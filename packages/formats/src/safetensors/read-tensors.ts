import type { Budget } from '../inspection/budget.ts';
import { BrokenStructure, toDetail } from '../inspection/report.ts';
import { isList, isObject, type JsonObject, type JsonValue } from '../json/read-json.ts';

export interface SafeTensor {
  readonly name: string;
  readonly type: string;
  readonly elements: bigint;
  readonly begin: number;
  readonly end: number;
}

/** Bits of an element; the types of the format's own library. */
const bitsOf: ReadonlyMap<string, bigint> = new Map(
  Object.entries({
    BOOL: 8n,
    F4: 4n,
    F6_E2M3: 6n,
    F6_E3M2: 6n,
    U8: 8n,
    I8: 8n,
    F8_E5M2: 8n,
    F8_E4M3: 8n,
    F8_E8M0: 8n,
    F8_E4M3FNUZ: 8n,
    F8_E5M2FNUZ: 8n,
    I16: 16n,
    U16: 16n,
    F16: 16n,
    BF16: 16n,
    I32: 32n,
    U32: 32n,
    F32: 32n,
    C64: 64n,
    F64: 64n,
    I64: 64n,
    U64: 64n,
  }),
);

/** More than any tensor has; and a product of few factors stays a number that is quick to count with. */
const MAX_DIMENSIONS = 64;

const isCount = (value: JsonValue | undefined): value is number => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;

function readShape(value: JsonValue | undefined, name: string): readonly number[] {
  if (!isList(value) || value.length > MAX_DIMENSIONS || !value.every(isCount)) throw new BrokenStructure(`the shape of ${name}`);
  return value;
}

function readPlace(value: JsonValue | undefined, name: string): readonly [begin: number, end: number] {
  const [begin, end] = isList(value) && value.length === 2 ? value : [];
  if (!isCount(begin) || !isCount(end) || begin > end) throw new BrokenStructure(`the place of ${name}`);
  return [begin, end];
}

function readTensor(name: string, entry: JsonValue): SafeTensor {
  if (!isObject(entry)) throw new BrokenStructure(`${name} is no object`);
  const type = entry.get('dtype');
  const bits = typeof type === 'string' ? bitsOf.get(type) : undefined;
  if (bits === undefined || typeof type !== 'string') throw new BrokenStructure(`the type of ${name}`);
  const elements = readShape(entry.get('shape'), name).reduce((product, dimension) => product * BigInt(dimension), 1n);
  const [begin, end] = readPlace(entry.get('data_offsets'), name);
  if (elements * bits !== BigInt(end - begin) * 8n)
    throw new BrokenStructure(`${name} has ${elements} elements of ${type} in ${end - begin} bytes`, 'impossible_claim');
  return { name, type, elements, begin, end };
}

/** The tensors of a header. Exact whatever the numbers: products are BigInts. */
export function readTensors(header: JsonObject, budget: Budget): readonly SafeTensor[] {
  const tensors: SafeTensor[] = [];
  for (const [name, entry] of header) {
    if (name === '__metadata__') continue;
    budget.spend('steps', 1);
    tensors.push(readTensor(toDetail(name), entry));
  }
  return tensors;
}
