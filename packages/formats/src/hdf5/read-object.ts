import type { Budget } from '../inspection/budget.ts';
import { BrokenStructure } from '../inspection/report.ts';
import type { ByteSource } from '../source/byte-source.ts';

/** One message of an object's header: a kind and bytes. */
export interface Message {
  readonly type: number;
  readonly data: Buffer;
}

/** Kinds of messages, by the HDF5 File Format Specification, section IV.A.2. */
export const MESSAGE = {
  dataspace: 0x01,
  linkInfo: 0x02,
  link: 0x06,
  externalFiles: 0x07,
  layout: 0x08,
  attribute: 0x0c,
  continuation: 0x10,
  symbolTable: 0x11,
  attributeInfo: 0x15,
} as const;

const HEADER_BYTES = 16;
const MESSAGE_HEADER_BYTES = 8;
const MAX_MESSAGE_BLOCKS = 1000;

export function toAddress(value: bigint): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new BrokenStructure(`the address ${value}`);
  return Number(value);
}

export const readAddress = (bytes: Buffer, at: number): number => toAddress(bytes.readBigUInt64LE(at));

interface Block {
  readonly at: number;
  readonly bytes: number;
}

/** The messages of an object, through all blocks that continue its header. Only the first form of headers; `undefined` for others. */
export function readMessages(source: ByteSource, at: number, budget: Budget): readonly Message[] | undefined {
  const header = source.read(at, HEADER_BYTES);
  if (header[0] !== 1) return undefined;
  const blocks: Block[] = [{ at: at + HEADER_BYTES, bytes: header.readUInt32LE(8) }];
  const messages: Message[] = [];
  for (let index = 0; index < blocks.length && index < MAX_MESSAGE_BLOCKS; index++) {
    const block = blocks[index];
    if (block) blocks.push(...readBlock(source, block, messages, budget));
  }
  return messages;
}

/** Adds a block's messages and gives the blocks that it names. */
function readBlock(source: ByteSource, { at, bytes }: Block, messages: Message[], budget: Budget): Block[] {
  const block = source.read(at, bytes);
  const more: Block[] = [];
  for (let place = 0; place + MESSAGE_HEADER_BYTES <= block.length; ) {
    budget.spend('steps', 1);
    const type = block.readUInt16LE(place);
    const data = block.subarray(place + MESSAGE_HEADER_BYTES, place + MESSAGE_HEADER_BYTES + block.readUInt16LE(place + 2));
    if (type === MESSAGE.continuation) more.push({ at: readAddress(data, 0), bytes: readAddress(data, 8) });
    else messages.push({ type, data });
    place += MESSAGE_HEADER_BYTES + data.length;
  }
  return more;
}

/** The dimensions of a dataset or an attribute. */
export function readDimensions(data: Buffer): readonly bigint[] {
  const [version = 0, rank = 0] = data;
  const at = version === 1 ? 8 : 4;
  return Array.from({ length: rank }, (_, index) => data.readBigUInt64LE(at + index * 8));
}
