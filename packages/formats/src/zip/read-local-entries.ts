import type { Budget } from '../inspection/budget.ts';
import type { ByteSource } from '../source/byte-source.ts';
import type { LocatedEntry } from './locate-entry.ts';

const HEADER_BYTES = 30;
const SIGNATURE = 0x04034b50;

/** Entries by their own headers, from the front, as far as they follow each other. For archives whose directory is broken. */
export function readLocalEntries(source: ByteSource, budget: Budget): readonly LocatedEntry[] {
  const located: LocatedEntry[] = [];
  for (let at = 0; at + HEADER_BYTES <= source.sizeBytes; ) {
    budget.spend('entries', 1);
    const header = source.read(at, HEADER_BYTES);
    if (header.readUInt32LE() !== SIGNATURE) break;
    const nameAt = at + HEADER_BYTES;
    const dataAt = nameAt + header.readUInt16LE(26) + header.readUInt16LE(28);
    const packedBytes = Math.min(header.readUInt32LE(18), Math.max(0, source.sizeBytes - dataAt));
    if (dataAt > source.sizeBytes) break;
    const entry = {
      name: source.read(nameAt, header.readUInt16LE(26)).toString('utf8'),
      flags: header.readUInt16LE(6),
      method: header.readUInt16LE(8),
      crc: header.readUInt32LE(14),
      packedBytes,
      sizeBytes: header.readUInt32LE(22),
      at,
      unixMode: 0,
    };
    located.push({ entry, dataAt, end: dataAt + packedBytes, differences: [] });
    at = dataAt + packedBytes;
  }
  return located;
}
