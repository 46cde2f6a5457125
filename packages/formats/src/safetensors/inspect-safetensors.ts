import { isUtf8 } from 'node:buffer';
import type { Inspection } from '@cluster-ai/contracts';
import { BrokenStructure, type Inspecting, type Report, toDetail } from '../inspection/report.ts';
import { isObject, type JsonObject, readJson } from '../json/read-json.ts';
import type { ByteSource } from '../source/byte-source.ts';
import { checkLayout } from './check-layout.ts';
import { readTensors } from './read-tensors.ts';

/** The format's own limit. */
const MAX_HEADER_BYTES = 100_000_000n;
const LENGTH_BYTES = 8;
const MAX_METADATA = 50;

/** Whether it begins like one: a length that the file has room for, then an object. */
export function looksLikeSafetensors(source: ByteSource): boolean {
  if (source.sizeBytes < LENGTH_BYTES + 2) return false;
  const start = source.read(0, LENGTH_BYTES + 2);
  return start[8] === 0x7b && (start[9] === 0x22 || start[9] === 0x7d || start[9] === 0x20) && start[7] === 0;
}

function readHeaderBytes(source: ByteSource): Buffer {
  const length = source.read(0, LENGTH_BYTES).readBigUInt64LE();
  if (length > MAX_HEADER_BYTES) throw new BrokenStructure(`a header of ${length} bytes`, 'impossible_claim');
  const available = BigInt(source.sizeBytes - LENGTH_BYTES);
  if (length > available) throw new BrokenStructure(`a header of ${length} bytes, where ${available} follow`);
  const bytes = source.read(LENGTH_BYTES, Number(length));
  if (!isUtf8(bytes)) throw new BrokenStructure('the header is no UTF-8');
  return bytes;
}

function toMetadata(header: JsonObject): Inspection['metadata'] {
  const given = header.get('__metadata__');
  if (given === undefined) return {};
  if (!isObject(given)) throw new BrokenStructure('__metadata__ is no object');
  const texts = [...given].map(([key, value]) => {
    if (typeof value !== 'string') throw new BrokenStructure(`__metadata__ has ${toDetail(key)} that is no text`);
    return [toDetail(key), toDetail(value)] as const;
  });
  return Object.fromEntries(texts.slice(0, MAX_METADATA));
}

/**
 * Reads the header of a safetensors file and checks what the format demands: each tensor's bytes fit its type and shape, all of them
 * together fill the rest of the file, without overlap and without a hole.
 */
export async function inspectSafetensors(source: ByteSource, { budget, find }: Inspecting): Promise<Report> {
  const bytes = readHeaderBytes(source);
  const { value: header, keysTwice } = readJson(bytes.toString('utf8'), budget);
  if (!isObject(header)) throw new BrokenStructure('the header is no object');
  for (const key of keysTwice) find('key_twice', toDetail(key));
  const tensors = readTensors(header, budget);
  const dataBytes = source.sizeBytes - LENGTH_BYTES - bytes.length;
  for (const { code, detail } of checkLayout(tensors, dataBytes)) find(code, detail);
  const types = [...new Set(tensors.map(({ type }) => type))].sort();
  return {
    format: 'safetensors',
    framework: 'safetensors',
    parameterCount: Number(tensors.reduce((sum, tensor) => sum + tensor.elements, 0n)),
    metadata: { ...toMetadata(header), tensors: tensors.length, types: types.join(', ') },
  };
}
