import { crc32, inflateRawSync } from 'node:zlib';
import type { Budget } from '../inspection/budget.ts';
import { type Inspecting, toDetail } from '../inspection/report.ts';
import { type ByteSource, bufferSource, sliceSource } from '../source/byte-source.ts';
import { isEncrypted, type LocatedEntry } from './locate-entry.ts';

const STORED = 0;
const DEFLATED = 8;
const PIECE_BYTES = 1024 * 1024;

function digest(source: ByteSource, budget: Budget): number {
  let value = 0;
  for (let at = 0; at < source.sizeBytes; at += PIECE_BYTES)
    value = crc32(source.read(at, Math.min(PIECE_BYTES, source.sizeBytes - at)), value);
  budget.spend('checkedBytes', source.sizeBytes);
  return value;
}

function inflate(source: ByteSource, { entry, dataAt }: LocatedEntry, { budget, find }: Inspecting): ByteSource | undefined {
  const { maxPieceBytes } = budget.limits;
  if (entry.packedBytes > maxPieceBytes || entry.sizeBytes > maxPieceBytes) {
    find('too_large_to_inspect', `${toDetail(entry.name)}: ${entry.sizeBytes} bytes`);
    return undefined;
  }
  budget.spend('unpackedBytes', entry.sizeBytes);
  try {
    // never more than the directory promised, however long the stream goes on
    const bytes = inflateRawSync(source.read(dataAt, entry.packedBytes), { maxOutputLength: Math.max(1, entry.sizeBytes) });
    if (bytes.length !== entry.sizeBytes) find('archive_headers_disagree', `${toDetail(entry.name)}: ${bytes.length} bytes`);
    return bufferSource(bytes);
  } catch (error) {
    const isLonger = error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
    if (isLonger) find('archive_headers_disagree', `${toDetail(entry.name)}: more than ${entry.sizeBytes} bytes`);
    else find('broken_structure', toDetail(entry.name));
    return undefined;
  }
}

function open(source: ByteSource, located: LocatedEntry, inspecting: Inspecting): ByteSource | undefined {
  const { entry, dataAt } = located;
  if (isEncrypted(entry)) return undefined; // told already
  if (entry.method === DEFLATED) return inflate(source, located, inspecting);
  if (entry.method === STORED) return sliceSource(source, dataAt, entry.packedBytes);
  inspecting.find('unreadable_container', `${toDetail(entry.name)}: method ${entry.method}`);
  return undefined;
}

/** The bytes of an entry, whose checksum is compared as far as the budget goes. A wrong one is told; the bytes are looked at all the same. */
export function openEntry(source: ByteSource, located: LocatedEntry, inspecting: Inspecting): ByteSource | undefined {
  const { entry } = located;
  const opened = open(source, located, inspecting);
  if (opened === undefined) return undefined;
  if (opened.sizeBytes !== entry.sizeBytes && entry.method === STORED)
    inspecting.find('archive_headers_disagree', `${toDetail(entry.name)}: ${opened.sizeBytes} bytes`);
  if (inspecting.budget.has('checkedBytes', opened.sizeBytes) && digest(opened, inspecting.budget) !== entry.crc)
    inspecting.find('archive_checksum_wrong', toDetail(entry.name));
  return opened;
}
