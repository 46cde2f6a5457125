import { createHmac, createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';
import type { AuditCheckpoint } from '@cluster-ai/contracts';
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

type CheckpointFacts = Omit<AuditCheckpoint, 'signature'>;

/** What only the holder of the key can make. Everything is a text with a beginning of its own, so that none can stand for another. */
export interface Seals {
  /** HMAC-SHA-256 over the previous entry's hash and the entry as canonical JSON. */
  hashEntry(previousHash: string, row: UnhashedRow): string;
  sealEnds(ends: ChainEnds): string;
  signCheckpoint(facts: CheckpointFacts): AuditCheckpoint;
  isOurs(checkpoint: AuditCheckpoint): boolean;
  /** By which others check a checkpoint: Ed25519, as PEM. */
  readonly publicKey: string;
}

/** How RFC 8410 begins a private key of Ed25519; its 32 bytes follow. */
const pkcs8Prefix = Buffer.from('302e020100300506032b657004220420', 'hex');

/** The key that signs checkpoints follows from the record's own, so that one file holds both. */
function deriveSigningKey(key: Uint8Array) {
  const seed = createHmac('sha256', key).update('the key that signs checkpoints').digest();
  return createPrivateKey({ key: Buffer.concat([pkcs8Prefix, seed]), format: 'der', type: 'pkcs8' });
}

const toSignedText = ({ sequence, hash, at }: CheckpointFacts) => Buffer.from(`checkpoint ${sequence} ${hash} ${at}`);

export function createSeals(key: Uint8Array): Seals {
  const seal = (text: string) => createHmac('sha256', key).update(text).digest('hex');
  const privateKey = deriveSigningKey(key);
  const publicKey = createPublicKey(privateKey);
  return {
    hashEntry: (previousHash, row) => seal(previousHash + toCanonicalJson(toUnhashedEntry(row))),
    sealEnds: ({ sequence, hash, anchorSequence, anchorHash }) => seal(`ends ${sequence} ${hash} ${anchorSequence} ${anchorHash}`),
    signCheckpoint: (facts) => ({ ...facts, signature: sign(null, toSignedText(facts), privateKey).toString('base64url') }),
    isOurs: (checkpoint) => verify(null, toSignedText(checkpoint), publicKey, Buffer.from(checkpoint.signature, 'base64url')),
    publicKey: publicKey.export({ format: 'pem', type: 'spki' }).toString(),
  };
}
