import { BrokenStructure } from '../inspection/report.ts';

export const BLOCK_BYTES = 512;

export interface TarHeader {
  readonly name: string;
  readonly link: string;
  readonly type: string;
  readonly sizeBytes: number;
}

const CHECKSUM_AT = 148;
const CHECKSUM_BYTES = 8;
const SPACE = 0x20;

function readText(block: Buffer, at: number, length: number): string {
  const field = block.subarray(at, at + length);
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end < 0 ? length : end);
}

/** Octal digits; or, where the first bit is set, a whole number in base 256, which GNU tar uses for large ones. */
function readNumber(block: Buffer, at: number, length: number): number {
  const first = block[at] ?? 0;
  if ((first & 0x80) !== 0) {
    const value = BigInt(`0x${block.subarray(at + 1, at + length).toString('hex')}`) | (BigInt(first & 0x7f) << BigInt(8 * (length - 1)));
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new BrokenStructure(`a member of ${value} bytes`, 'impossible_claim');
    return Number(value);
  }
  const digits = readText(block, at, length).trim();
  if (!/^[0-7]*$/.test(digits)) throw new BrokenStructure('a number that is none');
  return digits === '' ? 0 : Number.parseInt(digits, 8);
}

/** Whether the checksum of a block is that of a header; so a tar is known without a name or a magic word. */
export function hasHeaderChecksum(block: Buffer): boolean {
  if (block.length < BLOCK_BYTES || block[0] === 0) return false;
  const field = readText(block, CHECKSUM_AT, CHECKSUM_BYTES).trim();
  if (!/^[0-7]{1,7}$/.test(field)) return false;
  let sum = CHECKSUM_BYTES * SPACE;
  for (let at = 0; at < BLOCK_BYTES; at++) if (at < CHECKSUM_AT || at >= CHECKSUM_AT + CHECKSUM_BYTES) sum += block[at] ?? 0;
  return sum === Number.parseInt(field, 8);
}

/** One header. Throws BrokenStructure. */
export function readHeader(block: Buffer): TarHeader {
  if (!hasHeaderChecksum(block)) throw new BrokenStructure('a header whose checksum is wrong');
  const isUstar = block.toString('latin1', 257, 262) === 'ustar';
  const prefix = isUstar ? readText(block, 345, 155) : '';
  const name = readText(block, 0, 100);
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    link: readText(block, 157, 100),
    type: String.fromCharCode(block[156] || 0x30),
    sizeBytes: readNumber(block, 124, 12),
  };
}
