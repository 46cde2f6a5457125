import type { Budget } from '../inspection/budget.ts';
import { BrokenStructure } from '../inspection/report.ts';
import { type ByteSource, sliceSource } from '../source/byte-source.ts';
import { Cursor } from '../source/cursor.ts';

/** One field of a message. Texts and messages are parts of the source that nobody has read yet. */
export type Field =
  | { readonly number: number; readonly kind: 'varint'; readonly value: bigint }
  | { readonly number: number; readonly kind: 'part'; readonly part: ByteSource; readonly at: number }
  | { readonly number: number; readonly kind: 'fixed'; readonly bytes: 4 | 8 };

const MAX_VARINT_BYTES = 10;
const MAX_U64 = 2n ** 64n - 1n;
const MAX_FIELD = 2 ** 29 - 1;

/** A whole number of at most 64 bits in at most 10 bytes; what goes on longer is made to break readers. */
export function readVarint(cursor: Cursor): bigint {
  let value = 0n;
  for (let index = 0; index < MAX_VARINT_BYTES; index++) {
    const byte = cursor.u8();
    value |= BigInt(byte & 0x7f) << BigInt(7 * index);
    if (byte < 0x80) {
      if (value > MAX_U64) break;
      return value;
    }
  }
  throw new BrokenStructure(`a number of more than 64 bits at ${cursor.position}`, 'impossible_claim');
}

function readPart(source: ByteSource, cursor: Cursor, number: number): Field {
  const length = readVarint(cursor);
  const at = cursor.position;
  if (length > BigInt(cursor.remaining)) throw new BrokenStructure(`field ${number} has ${length} bytes, where ${cursor.remaining} follow`);
  cursor.skip(Number(length));
  return { number, kind: 'part', part: sliceSource(source, at, Number(length)), at };
}

function readField(source: ByteSource, cursor: Cursor): Field {
  const tag = readVarint(cursor);
  const number = Number(tag >> 3n);
  if (number < 1 || number > MAX_FIELD) throw new BrokenStructure(`the field ${number}`);
  switch (Number(tag & 7n)) {
    case 0:
      return { number, kind: 'varint', value: readVarint(cursor) };
    case 1:
      cursor.skip(8);
      return { number, kind: 'fixed', bytes: 8 };
    case 2:
      return readPart(source, cursor, number);
    case 5:
      cursor.skip(4);
      return { number, kind: 'fixed', bytes: 4 };
    default:
      throw new BrokenStructure(`field ${number} of the kind ${tag & 7n}`); // groups are of protobuf's past
  }
}

/** The fields of a message, one after the other, without knowing its shape. Throws BrokenStructure, OutsideOfSource, BudgetSpent. */
export function* readFields(source: ByteSource, budget: Budget): Generator<Field> {
  const cursor = new Cursor(source);
  while (cursor.remaining > 0) {
    budget.spend('steps', 1);
    yield readField(source, cursor);
  }
}

const MAX_TEXT_BYTES = 1024 * 1024;

/** A text field; what is longer than anybody reads is cut. */
export const toText = (part: ByteSource): string => part.read(0, Math.min(part.sizeBytes, MAX_TEXT_BYTES)).toString('utf8');

/** The numbers of a repeated field, whichever of the two ways they are written in. */
export function* readNumbers(field: Field, budget: Budget): Generator<bigint> {
  if (field.kind === 'varint') yield field.value;
  if (field.kind !== 'part') return;
  const cursor = new Cursor(field.part);
  while (cursor.remaining > 0) {
    budget.spend('steps', 1);
    yield readVarint(cursor);
  }
}
