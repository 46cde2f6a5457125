import { createHmac } from 'node:crypto';
import { toCanonicalJson } from './canonical-json.ts';
import { toUnhashedEntry, type UnhashedRow } from './entry.ts';

/** What the first entry follows. */
export const GENESIS = '0'.repeat(64);

/** The two ends of the chain. */
export interface ChainEnds {
  readonly sequence: number;
  readonly hash: string;
  readonly anchorSequence: number;
  readonly anchorHash: string;
}

export interface CheckpointFacts {
  readonly sequence: number;
  readonly hash: string;
  readonly at: string;
}

/** What only the holder of the key can make. Everything is a text with a beginning of its own, so that none can stand for another. */
export interface Seals {
  /** HMAC-SHA-256 over the previous entry's hash and the entry as canonical JSON. */
  hashEntry(previousHash: string, row: UnhashedRow): string;
  sealEnds(ends: ChainEnds): string;
  signCheckpoint(facts: CheckpointFacts): string;
}

export function createSeals(key: Uint8Array): Seals {
  const seal = (text: string) => createHmac('sha256', key).update(text).digest('hex');
  return {
    hashEntry: (previousHash, row) => seal(previousHash + toCanonicalJson(toUnhashedEntry(row))),
    sealEnds: ({ sequence, hash, anchorSequence, anchorHash }) => seal(`ends ${sequence} ${hash} ${anchorSequence} ${anchorHash}`),
    signCheckpoint: ({ sequence, hash, at }) => seal(`checkpoint ${sequence} ${hash} ${at}`),
  };
}
