import type { Budget } from '../inspection/budget.ts';
import { BrokenStructure } from '../inspection/report.ts';
import { type ByteSource, isOutside } from '../source/byte-source.ts';
import { BLOCK_BYTES, readHeader, type TarHeader } from './read-header.ts';

export interface TarMember extends TarHeader {
  readonly dataAt: number;
  /** An extension and the header it belongs to say two sizes. */
  readonly hasTwoSizes: boolean;
}

export interface TarListing {
  readonly members: readonly TarMember[];
  /** After the last block that belongs to it. */
  readonly end: number;
  /** Why the listing ends early. */
  readonly problem: BrokenStructure | undefined;
}

/** Long names and attributes: text, which is never this long. */
const MAX_EXTENSION_BYTES = 64 * 1024;
const toBlocks = (bytes: number) => Math.ceil(bytes / BLOCK_BYTES) * BLOCK_BYTES;

interface Extension {
  readonly name?: string;
  readonly link?: string;
  readonly sizeBytes?: number;
}

/** Records of "LENGTH KEY=VALUE\n". */
function readAttributes(bytes: Buffer): Extension {
  const found: { name?: string; link?: string; sizeBytes?: number } = {};
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(0x20, at);
    const length = space < 0 ? Number.NaN : Number(bytes.toString('latin1', at, space));
    if (!Number.isInteger(length) || length <= space - at || at + length > bytes.length)
      throw new BrokenStructure('attributes of a member');
    const record = bytes.toString('utf8', space + 1, at + length - 1);
    const value = record.slice(record.indexOf('=') + 1);
    if (record.startsWith('path=')) found.name = value;
    if (record.startsWith('linkpath=')) found.link = value;
    if (record.startsWith('size=')) found.sizeBytes = Number(value);
    at += length;
  }
  if (found.sizeBytes !== undefined && !(Number.isSafeInteger(found.sizeBytes) && found.sizeBytes >= 0))
    throw new BrokenStructure('the size of a member', 'impossible_claim');
  return found;
}

function readExtension(type: string, bytes: Buffer): Extension {
  const text = () => bytes.toString('utf8').replace(/\0[\s\S]*$/, '');
  if (type === 'L') return { name: text() };
  if (type === 'K') return { link: text() };
  return readAttributes(bytes);
}

const isExtension = (type: string) => 'LKxg'.includes(type);
/** Links, devices, pipes and folders have no bytes of their own. */
const hasBytes = (type: string) => !'12346'.includes(type) && type !== '5';

class Lister {
  readonly #source: ByteSource;
  readonly #budget: Budget;
  readonly members: TarMember[] = [];
  #extension: Extension = {};
  #everywhere: Extension = {};
  at = 0;

  constructor(source: ByteSource, budget: Budget) {
    this.#source = source;
    this.#budget = budget;
  }

  /** The next header and what belongs to it. False at the end. */
  step(): boolean {
    if (this.at + BLOCK_BYTES > this.#source.sizeBytes) return false;
    const block = this.#source.read(this.at, BLOCK_BYTES);
    if (block.every((byte) => byte === 0)) return false;
    this.#budget.spend('entries', 1);
    const header = readHeader(block);
    const dataAt = this.at + BLOCK_BYTES;
    if (isExtension(header.type)) this.#takeExtension(header, dataAt);
    else this.#takeMember(header, dataAt);
    return true;
  }

  #takeExtension({ type, sizeBytes }: TarHeader, dataAt: number): void {
    if (sizeBytes > MAX_EXTENSION_BYTES) throw new BrokenStructure(`${sizeBytes} bytes of attributes`, 'impossible_claim');
    const extension = readExtension(type, this.#source.read(dataAt, sizeBytes));
    if (type === 'g') this.#everywhere = { ...this.#everywhere, ...extension };
    else this.#extension = { ...this.#extension, ...extension };
    this.at = dataAt + toBlocks(sizeBytes);
  }

  #takeMember(header: TarHeader, dataAt: number): void {
    const { name = header.name, link = header.link, sizeBytes = header.sizeBytes } = { ...this.#everywhere, ...this.#extension };
    this.#extension = {};
    const length = hasBytes(header.type) ? sizeBytes : 0;
    if (dataAt + length > this.#source.sizeBytes)
      throw new BrokenStructure(`${name} ends at ${dataAt + length} of ${this.#source.sizeBytes}`);
    this.members.push({ name, link, type: header.type, sizeBytes: length, dataAt, hasTwoSizes: sizeBytes !== header.sizeBytes });
    this.at = dataAt + toBlocks(length);
  }
}

/** Lists a tar from its front: ustar, GNU's long names, the attributes of POSIX. */
export function readMembers(source: ByteSource, budget: Budget): TarListing {
  const lister = new Lister(source, budget);
  try {
    while (lister.step());
    return { members: lister.members, end: lister.at, problem: undefined };
  } catch (error) {
    if (isOutside(error)) return { members: lister.members, end: lister.at, problem: new BrokenStructure(error.message) };
    if (!(error instanceof BrokenStructure)) throw error;
    return { members: lister.members, end: lister.at, problem: error };
  }
}
