import { gunzipSync } from 'node:zlib';
import { type Inspecting, type Report, toUnknown } from '../inspection/report.ts';
import { type ByteSource, bufferSource } from '../source/byte-source.ts';

const starts: readonly (readonly [hex: string, name: string])[] = [
  ['1f8b', 'gzip'],
  ['28b52ffd', 'zstd'],
  ['fd377a585a00', 'xz'],
  ['425a68', 'bzip2'],
  ['377abcaf271c', '7z'],
  ['526172211a07', 'rar'],
  ['04224d18', 'lz4'],
];
const LONGEST_START = 6;
/** What zstd's own tools refuse without being asked. */
const MAX_WINDOW = 128n * 1024n * 1024n;
const MAX_RATIO = 200;
const BOMB_BYTES = 16 * 1024 * 1024;

function findPacking(source: ByteSource): string | undefined {
  const hex = source.read(0, Math.min(LONGEST_START, source.sizeBytes)).toString('hex');
  return starts.find(([start]) => hex.startsWith(start))?.[1];
}

export const looksPacked = (source: ByteSource): boolean => findPacking(source) !== undefined;

/** The window that a zstd frame asks its reader to hold (RFC 8878, 3.1.1.1); `undefined` where it says none. */
function readWindow(source: ByteSource): bigint | undefined {
  const [, , , , descriptor = 0, window = 0] = source.read(0, Math.min(LONGEST_START, source.sizeBytes));
  const isSingleSegment = (descriptor & 0x20) !== 0;
  if (isSingleSegment) return undefined;
  const base = 1n << BigInt(10 + (window >> 3));
  return base + (base / 8n) * BigInt(window & 7);
}

function toContainer(packing: string): Report {
  return toUnknown({ container: packing }, { code: 'unreadable_container', detail: packing });
}

async function inspectGzip(source: ByteSource, { budget, find, inside }: Inspecting): Promise<Report> {
  const { maxPieceBytes } = budget.limits;
  if (source.sizeBytes > maxPieceBytes) {
    find('too_large_to_inspect', `gzip of ${source.sizeBytes} bytes`);
    return toUnknown({ container: 'gzip' });
  }
  const unpacked = unpack(source, maxPieceBytes, find);
  if (unpacked === undefined) return toUnknown({ container: 'gzip' });
  budget.spend('unpackedBytes', unpacked.length);
  if (unpacked.length > BOMB_BYTES && unpacked.length > MAX_RATIO * source.sizeBytes)
    find('archive_bomb', `${unpacked.length} bytes from ${source.sizeBytes}`);
  const report = await inside(bufferSource(unpacked), 'gzip');
  return { ...report, metadata: { ...report.metadata, packing: 'gzip' } };
}

function unpack(source: ByteSource, maxBytes: number, find: Inspecting['find']): Buffer | undefined {
  try {
    return gunzipSync(source.read(0, source.sizeBytes), { maxOutputLength: maxBytes });
  } catch (error) {
    const isLonger = error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
    if (!isLonger) find('broken_structure', 'gzip');
    else if (maxBytes > MAX_RATIO * source.sizeBytes) find('archive_bomb', `more than ${maxBytes} bytes from ${source.sizeBytes}`);
    else find('too_large_to_inspect', `gzip of more than ${maxBytes} bytes`);
    return undefined;
  }
}

/** Files packed as a whole. Gzip is opened, within limits; the others are named and left closed. */
export async function inspectPacked(source: ByteSource, inspecting: Inspecting): Promise<Report> {
  const packing = findPacking(source) ?? '';
  if (packing === 'gzip') return inspectGzip(source, inspecting);
  const window = packing === 'zstd' ? readWindow(source) : undefined;
  if (window !== undefined && window > MAX_WINDOW) inspecting.find('archive_bomb', `a zstd window of ${window} bytes`);
  return toContainer(packing);
}
