import type { Budget } from '../inspection/budget.ts';
import { BrokenStructure } from '../inspection/report.ts';
import type { Cursor } from '../source/cursor.ts';
import type { ArgumentKind } from './opcodes.ts';

/** An argument as it stands in the pickle. `at` and `length` say where the bytes of a text are; only short ones are read. */
export type Argument =
  | { readonly kind: 'none' }
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'lines'; readonly lines: readonly string[] }
  | { readonly kind: 'bytes'; readonly at: number; readonly length: number; readonly bytes: Buffer | undefined };

const MAX_LINE_BYTES = 1024 * 1024;
/** Names and shapes are shorter; what is longer is stepped over. */
const MAX_KEPT_BYTES = 4096;

const none: Argument = { kind: 'none' };
const toNumber = (value: number): Argument => ({ kind: 'number', value });

/** A string of protocol 0 is Latin-1 or ASCII with escapes, names are UTF-8. */
const readLine = (cursor: Cursor, encoding: 'utf8' | 'latin1') => cursor.line(MAX_LINE_BYTES).toString(encoding);

function takeBytes(cursor: Cursor, claimed: number | bigint): Argument {
  if (claimed < 0 || claimed > cursor.remaining)
    throw new BrokenStructure(`${claimed} bytes at ${cursor.position}, where ${cursor.remaining} follow`);
  const length = Number(claimed);
  const at = cursor.position;
  if (length <= MAX_KEPT_BYTES) return { kind: 'bytes', at, length, bytes: Buffer.from(cursor.bytes(length)) };
  cursor.skip(length);
  return { kind: 'bytes', at, length, bytes: undefined };
}

/** Reads what follows an opcode. No length is believed before it is compared with what is there. Throws BrokenStructure, OutsideOfSource. */
export function readArgument(cursor: Cursor, kind: ArgumentKind, budget: Budget): Argument {
  switch (kind) {
    case 'none':
      return none;
    case 'u1':
      return toNumber(cursor.u8());
    case 'u2':
      return toNumber(cursor.u16());
    case 'u4':
      return toNumber(cursor.u32());
    case 'i4':
      return toNumber(cursor.i32());
    case 'f8':
      return toNumber(cursor.bytes(8).readDoubleBE());
    case 'u8':
      return toNumber(Number(cursor.u64())); // a frame's length: a hint for readers, which may lie
    case 'line':
    case 'text-line': {
      const line = readLine(cursor, 'latin1');
      budget.spend('steps', line.length >> 4);
      return { kind: 'lines', lines: [line] };
    }
    case 'two-lines': {
      const lines = [readLine(cursor, 'utf8'), readLine(cursor, 'utf8')];
      return { kind: 'lines', lines };
    }
    case 'bytes-1':
      return takeBytes(cursor, cursor.u8());
    case 'bytes-4':
      return takeBytes(cursor, cursor.u32());
    case 'signed-bytes-4':
      return takeBytes(cursor, cursor.i32());
    case 'bytes-8':
      return takeBytes(cursor, cursor.u64());
  }
}
