import { randomFillSync } from 'node:crypto';

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'; // Crockford's base 32: nothing to confuse when read aloud
const TIME_LENGTH = 10;
const RANDOM_LENGTH = 16;

// chance is fetched for many ids at once: each fetch is a call into the system's generator
const chance = Buffer.alloc(256 * RANDOM_LENGTH);
let used = chance.length;

function toTimeText(nowMs: number): string {
  let text = '';
  for (let rest = nowMs; text.length < TIME_LENGTH; rest = Math.floor(rest / 32)) text = alphabet.charAt(rest % 32) + text;
  return text;
}

function toRandomText(): string {
  if (used === chance.length) {
    randomFillSync(chance);
    used = 0;
  }
  let text = '';
  for (const end = used + RANDOM_LENGTH; used < end; used++) text += alphabet.charAt((chance[used] ?? 0) & 31);
  return text;
}

/** A new id such as `node_01k8…`: sorts by time of making (48 bits of milliseconds), then 80 random bits, like a ULID. */
export function newId(prefix: string, nowMs = Date.now()): string {
  return `${prefix}_${toTimeText(nowMs)}${toRandomText()}`;
}
