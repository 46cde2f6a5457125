import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ClusterError } from '@cluster-ai/contracts';
import { errnoOf, writePrivateFile } from '@cluster-ai/runtime';

const BYTES = 32;

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * The key of the audit record, made at the first start. Throws `audit_chain_broken` when it is gone or damaged while there are entries: a new
 * key would make every one of them look forged.
 */
export function loadAuditKey(secretsFolder: string, hasEntries: boolean): Uint8Array {
  const path = join(secretsFolder, 'audit.key');
  const text = read(path);
  if (text !== undefined && /^[0-9a-f]{64}$/.test(text)) return Buffer.from(text, 'hex');
  if (text !== undefined || hasEntries)
    throw new ClusterError('audit_chain_broken', `The key of the audit record, ${path}, is ${text === undefined ? 'gone' : 'damaged'}.`, {
      hint: 'Restore that file from a backup.',
    });
  const key = randomBytes(BYTES);
  writePrivateFile(path, `${key.toString('hex')}\n`);
  return key;
}
