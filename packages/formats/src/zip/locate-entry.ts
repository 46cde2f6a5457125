import { BrokenStructure } from '../inspection/report.ts';
import type { ByteSource } from '../source/byte-source.ts';
import type { ZipEntry } from './read-directory.ts';

/** Where the bytes of an entry are, and in what its own header differs from the directory. */
export interface LocatedEntry {
  readonly entry: ZipEntry;
  readonly dataAt: number;
  /** The first byte after it, without a data descriptor. */
  readonly end: number;
  readonly differences: readonly string[];
}

const HEADER_BYTES = 30;
const SIGNATURE = 0x04034b50;
const MAX_U32 = 0xffffffff;
const DESCRIPTOR_FLAG = 8;
const ENCRYPTED_FLAG = 1;
const UTF8_FLAG = 0x800;

export const isEncrypted = ({ flags }: ZipEntry): boolean => (flags & ENCRYPTED_FLAG) !== 0;
export const hasDescriptor = ({ flags }: ZipEntry): boolean => (flags & DESCRIPTOR_FLAG) !== 0;

/** Numbers may stand behind the bytes (then 0 is here) or in a 64-bit field. */
const differs = (local: number, entry: ZipEntry, known: number) =>
  local !== known && local !== MAX_U32 && !(hasDescriptor(entry) && local === 0);

function listDifferences(header: Buffer, name: Buffer, entry: ZipEntry): string[] {
  const said = name.toString((entry.flags & UTF8_FLAG) !== 0 ? 'utf8' : 'latin1');
  return [
    ...(said === entry.name ? [] : [`its name is ${said}`]),
    ...(header.readUInt16LE(8) === entry.method ? [] : ['its method']),
    ...((header.readUInt16LE(6) & ENCRYPTED_FLAG) === (entry.flags & ENCRYPTED_FLAG) ? [] : ['its encryption']),
    ...(differs(header.readUInt32LE(14), entry, entry.crc) ? ['its checksum'] : []),
    ...(differs(header.readUInt32LE(18), entry, entry.packedBytes) ? ['its packed size'] : []),
    ...(differs(header.readUInt32LE(22), entry, entry.sizeBytes) ? ['its size'] : []),
  ];
}

/** Reads the header before an entry's bytes and compares it with the directory. Throws BrokenStructure when it is not there. */
export function locateEntry(source: ByteSource, entry: ZipEntry): LocatedEntry {
  const header = source.read(entry.at, HEADER_BYTES);
  if (header.readUInt32LE() !== SIGNATURE) throw new BrokenStructure(`no entry at ${entry.at}`);
  const name = source.read(entry.at + HEADER_BYTES, header.readUInt16LE(26));
  const dataAt = entry.at + HEADER_BYTES + name.length + header.readUInt16LE(28);
  const end = dataAt + entry.packedBytes;
  if (end > source.sizeBytes) throw new BrokenStructure(`${entry.name} ends at ${end} of ${source.sizeBytes}`);
  return { entry, dataAt, end, differences: listDifferences(header, name, entry) };
}
