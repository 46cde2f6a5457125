import type { Budget } from '../inspection/budget.ts';
import { BrokenStructure } from '../inspection/report.ts';
import type { ByteSource } from '../source/byte-source.ts';
import { readAddress } from './read-object.ts';

export interface Attribute {
  readonly name: string;
  /** Its text; `undefined` for everything else. */
  readonly text: string | undefined;
}

const FIXED_TEXT = 3;
const VARIABLE_LENGTH = 9;
const HEAP_HEADER_BYTES = 16;
const HEAP_OBJECT_BYTES = 16;
const MAX_TEXT_BYTES = 16 * 1024 * 1024;

const pad = (length: number, isPadded: boolean) => (isPadded ? Math.ceil(length / 8) * 8 : length);
const cutAtZero = (text: string) => text.replace(/\0[\s\S]*$/, '');

/** A text that lies apart, in a heap for the whole file: found by its number. */
function readFromHeap(source: ByteSource, at: number, index: number, budget: Budget): string {
  const header = source.read(at, HEAP_HEADER_BYTES);
  if (header.toString('latin1', 0, 4) !== 'GCOL') throw new BrokenStructure('no GCOL');
  const end = at + readAddress(header, 8);
  for (let place = at + HEAP_HEADER_BYTES; place + HEAP_OBJECT_BYTES <= end; ) {
    budget.spend('steps', 1);
    const object = source.read(place, HEAP_OBJECT_BYTES);
    const length = readAddress(object, 8);
    if (object.readUInt16LE(0) === index) {
      if (length > MAX_TEXT_BYTES) throw new BrokenStructure(`a text of ${length} bytes`);
      return source.read(place + HEAP_OBJECT_BYTES, length).toString('utf8');
    }
    if (object.readUInt16LE(0) === 0) break; // free space begins
    place += HEAP_OBJECT_BYTES + pad(length, true);
  }
  throw new BrokenStructure(`nothing in the heap as ${index}`);
}

/** An attribute's message, in its first and third form. */
export function readAttribute(source: ByteSource, data: Buffer, budget: Budget): Attribute {
  const version = data[0];
  const isPadded = version === 1;
  const [nameBytes, typeBytes, spaceBytes] = [data.readUInt16LE(2), data.readUInt16LE(4), data.readUInt16LE(6)];
  const nameAt = version === 3 ? 9 : 8;
  const name = cutAtZero(data.toString('utf8', nameAt, nameAt + nameBytes));
  const typeAt = nameAt + pad(nameBytes, isPadded);
  const value = data.subarray(typeAt + pad(typeBytes, isPadded) + pad(spaceBytes, isPadded));
  const kind = (data[typeAt] ?? 0) & 0x0f;
  if (kind === FIXED_TEXT) return { name, text: cutAtZero(value.toString('utf8')) };
  const isText = kind === VARIABLE_LENGTH && ((data[typeAt + 1] ?? 0) & 0x0f) === 1 && value.length === 16;
  return { name, text: isText ? readFromHeap(source, readAddress(value, 4), value.readUInt32LE(12), budget) : undefined };
}
