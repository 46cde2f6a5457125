import type { Budget } from '../inspection/budget.ts';
import { BrokenStructure } from '../inspection/report.ts';
import type { ByteSource } from '../source/byte-source.ts';
import { Cursor } from '../source/cursor.ts';

export interface ZipEntry {
  readonly name: string;
  readonly flags: number;
  readonly method: number;
  readonly crc: number;
  readonly packedBytes: number;
  readonly sizeBytes: number;
  /** Where its local header is. */
  readonly at: number;
  /** The mode that a Unix system would give it; 0 where none is said. */
  readonly unixMode: number;
}

export interface ZipDirectory {
  readonly entries: readonly ZipEntry[];
  /** Where the directory begins, and where it ends by what its end record says. */
  readonly start: number;
  readonly end: number;
  /** Bytes before the archive, as in a program that unpacks itself. */
  readonly prefixBytes: number;
  /** The end record says other numbers than the directory has. */
  readonly claimed: number;
}

const END_SIGNATURE = 0x06054b50;
const END_BYTES = 22;
const MAX_COMMENT = 65_535;
const LOCATOR_SIGNATURE = 0x07064b50;
const LOCATOR_BYTES = 20;
const END64_SIGNATURE = 0x06064b50;
const END64_BYTES = 56;
const ENTRY_SIGNATURE = 0x02014b50;
const ZIP64_FIELD = 1;
const MAX_U32 = 0xffffffff;
const MAX_U16 = 0xffff;
const UTF8_FLAG = 0x800;

/** Where the end record is: the last place whose comment reaches exactly to the end of the file, as unpackers look for it. */
export function findEnd(source: ByteSource): number | undefined {
  const length = Math.min(source.sizeBytes, END_BYTES + MAX_COMMENT);
  if (length < END_BYTES) return undefined;
  const tail = source.read(source.sizeBytes - length, length);
  for (let at = tail.length - END_BYTES; at >= 0; at--) {
    if (tail[at] !== 0x50 || tail.readUInt32LE(at) !== END_SIGNATURE) continue;
    if (at + END_BYTES + tail.readUInt16LE(at + 20) === tail.length) return source.sizeBytes - length + at;
  }
  return undefined;
}

interface End {
  readonly entries: number;
  readonly directoryBytes: number;
  readonly directoryAt: number;
  /** Where the record itself is that said so. */
  readonly recordAt: number;
}

function toNumber(value: bigint, what: string): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new BrokenStructure(`${what} ${value}`, 'impossible_claim');
  return Number(value);
}

function readEnd64(source: ByteSource, endAt: number): End | undefined {
  if (endAt < LOCATOR_BYTES) return undefined;
  const locator = source.read(endAt - LOCATOR_BYTES, LOCATOR_BYTES);
  if (locator.readUInt32LE() !== LOCATOR_SIGNATURE) return undefined;
  const at = toNumber(locator.readBigUInt64LE(8), 'the end record at');
  const record = source.read(at, END64_BYTES);
  if (record.readUInt32LE() !== END64_SIGNATURE) throw new BrokenStructure(`no 64-bit end record at ${at}`);
  return {
    entries: toNumber(record.readBigUInt64LE(32), 'entries:'),
    directoryBytes: toNumber(record.readBigUInt64LE(40), 'bytes of the directory:'),
    directoryAt: toNumber(record.readBigUInt64LE(48), 'the directory at'),
    recordAt: at,
  };
}

function readEnd(source: ByteSource, at: number): End {
  const record = source.read(at, END_BYTES);
  const end = {
    entries: record.readUInt16LE(10),
    directoryBytes: record.readUInt32LE(12),
    directoryAt: record.readUInt32LE(16),
    recordAt: at,
  };
  if (record.readUInt16LE(4) !== 0 && record.readUInt16LE(4) !== MAX_U16) throw new BrokenStructure('one of several disks');
  const end64 = readEnd64(source, at);
  if (end64 === undefined) return end;
  const agrees = (short: number, long: number, full: number) => short === full || short === long;
  if (!agrees(end.entries, end64.entries, MAX_U16) || !agrees(end.directoryAt, end64.directoryAt, MAX_U32))
    throw new BrokenStructure('its two end records', 'archive_headers_disagree');
  return end64;
}

/** The 64-bit numbers of an entry, for those that are full in its header, in the order of the format. */
function* read64(extra: Buffer): Generator<bigint> {
  for (let at = 0; at + 4 <= extra.length; ) {
    const id = extra.readUInt16LE(at);
    const length = extra.readUInt16LE(at + 2);
    const field = extra.subarray(at + 4, at + 4 + length);
    if (id === ZIP64_FIELD) for (let place = 0; place + 8 <= field.length; place += 8) yield field.readBigUInt64LE(place);
    at += 4 + length;
  }
}

const decode = (bytes: Buffer, flags: number) => bytes.toString((flags & UTF8_FLAG) !== 0 ? 'utf8' : 'latin1');

function readEntry(cursor: Cursor, prefixBytes: number): ZipEntry {
  const header = Buffer.from(cursor.bytes(46));
  if (header.readUInt32LE() !== ENTRY_SIGNATURE) throw new BrokenStructure(`no entry of the directory at ${cursor.position - 46}`);
  const flags = header.readUInt16LE(8);
  const name = decode(cursor.bytes(header.readUInt16LE(28)), flags);
  const numbers = read64(Buffer.from(cursor.bytes(header.readUInt16LE(30))));
  cursor.skip(header.readUInt16LE(32));
  const full = (value: number) => (value === MAX_U32 ? toNumber(numbers.next().value ?? BigInt(value), name) : value);
  const sizeBytes = full(header.readUInt32LE(24));
  const packedBytes = full(header.readUInt32LE(20));
  const at = full(header.readUInt32LE(42)) + prefixBytes;
  const isUnix = header.readUInt8(5) === 3;
  return {
    name,
    flags,
    method: header.readUInt16LE(10),
    crc: header.readUInt32LE(16),
    packedBytes,
    sizeBytes,
    at,
    unixMode: isUnix ? header.readUInt32LE(38) >>> 16 : 0,
  };
}

/** The directory at the end of an archive, as unpackers read it. Throws BrokenStructure, OutsideOfSource, BudgetSpent. */
export function readDirectory(source: ByteSource, endAt: number, budget: Budget): ZipDirectory {
  const { entries: claimed, directoryBytes, directoryAt, recordAt } = readEnd(source, endAt);
  const prefixBytes = recordAt - directoryBytes - directoryAt;
  if (prefixBytes < 0) throw new BrokenStructure(`a directory of ${directoryBytes} bytes at ${directoryAt}`);
  const start = directoryAt + prefixBytes;
  const cursor = new Cursor(source, start);
  const entries: ZipEntry[] = [];
  while (cursor.position < recordAt) {
    budget.spend('entries', 1);
    entries.push(readEntry(cursor, prefixBytes));
  }
  return { entries, start, end: recordAt, prefixBytes, claimed };
}
