import type { Budget } from '../inspection/budget.ts';
import { BrokenStructure } from '../inspection/report.ts';
import type { ByteSource } from '../source/byte-source.ts';
import { readAddress } from './read-object.ts';

export interface Child {
  readonly name: string;
  /** Where its header is. */
  readonly at: number;
  readonly isLink: boolean;
}

const NODE_BYTES = 24;
const LEAF_HEADER_BYTES = 8;
const ENTRY_BYTES = 40;
const HEAP_BYTES = 32;
const SOFT_LINK = 2;
const MAX_NAME_BYTES = 1024;
const MAX_LEVELS = 16;

function expectSignature(bytes: Buffer, signature: string): void {
  if (bytes.toString('latin1', 0, 4) !== signature) throw new BrokenStructure(`no ${signature}`);
}

function readName(source: ByteSource, at: number): string {
  const bytes = source.read(at, Math.min(MAX_NAME_BYTES, Math.max(0, source.sizeBytes - at)));
  const end = bytes.indexOf(0);
  if (end < 0) throw new BrokenStructure('a name without an end');
  return bytes.toString('utf8', 0, end);
}

function* readLeaf(source: ByteSource, at: number, namesAt: number): Generator<Child> {
  const header = source.read(at, LEAF_HEADER_BYTES);
  expectSignature(header, 'SNOD');
  const entries = source.read(at + LEAF_HEADER_BYTES, header.readUInt16LE(6) * ENTRY_BYTES);
  for (let place = 0; place < entries.length; place += ENTRY_BYTES)
    yield {
      name: readName(source, namesAt + readAddress(entries, place)),
      at: readAddress(entries, place + 8),
      isLink: entries.readUInt32LE(place + 16) === SOFT_LINK,
    };
}

function* readTree(source: ByteSource, at: number, namesAt: number, budget: Budget, depth = 0): Generator<Child> {
  budget.spend('steps', 1);
  if (depth > MAX_LEVELS) throw new BrokenStructure('a tree of too many levels', 'impossible_claim');
  const node = source.read(at, NODE_BYTES);
  expectSignature(node, 'TREE');
  const pairs = source.read(at + NODE_BYTES, node.readUInt16LE(6) * 16);
  for (let place = 8; place < pairs.length; place += 16) {
    const child = readAddress(pairs, place);
    if ((node[5] ?? 0) > 0) yield* readTree(source, child, namesAt, budget, depth + 1);
    else yield* readLeaf(source, child, namesAt);
  }
}

/** What is in a group, by the message that names its tree and its heap of names. */
export function* readChildren(source: ByteSource, symbolTable: Buffer, budget: Budget): Generator<Child> {
  const heap = source.read(readAddress(symbolTable, 8), HEAP_BYTES);
  expectSignature(heap, 'HEAP');
  yield* readTree(source, readAddress(symbolTable, 0), readAddress(heap, 24), budget);
}
