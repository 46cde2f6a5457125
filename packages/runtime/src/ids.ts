import { randomBytes } from 'node:crypto';

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'; // Crockford's base 32: nothing to confuse when read aloud

function toBase32(value: bigint, length: number): string {
  let text = '';
  for (let rest = value; text.length < length; rest >>= 5n) text = alphabet[Number(rest & 31n)] + text;
  return text;
}

/** A new id such as `node_01k8…`: sorts by time of making (48 bits of milliseconds), then 80 random bits, like a ULID. */
export function newId(prefix: string, nowMs = Date.now()): string {
  const random = BigInt(`0x${randomBytes(10).toString('hex')}`);
  return `${prefix}_${toBase32(BigInt(nowMs), 10)}${toBase32(random, 16)}`;
}
