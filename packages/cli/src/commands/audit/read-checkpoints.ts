import { readFile } from 'node:fs/promises';
import { type AuditCheckpoint, auditCheckpointShape, ClusterError } from '@cluster-ai/contracts';

/** What one question may carry; the newest cover what the older ones cover. */
const MOST = 10_000;

/** The checkpoint of a line: the JSON in it, whatever a syslog server has written before. */
function toCheckpoint(line: string): AuditCheckpoint | undefined {
  const json = /\{.*\}/.exec(line)?.[0];
  if (json === undefined) return undefined;
  try {
    return auditCheckpointShape.safeParse(JSON.parse(json)).data;
  } catch {
    return undefined;
  }
}

/** Reads a copy of checkpoints. Throws `file_not_found`, and `invalid_request` for a file that holds none. */
export async function readCheckpoints(path: string): Promise<AuditCheckpoint[]> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new ClusterError('file_not_found', `The file ${path} cannot be read.`, { hint: 'Name a copy of the checkpoints.', cause: error });
  });
  const found = text.split('\n').flatMap((line) => toCheckpoint(line) ?? []);
  if (found.length > 0) return found.slice(-MOST);
  throw new ClusterError('invalid_request', `There is no checkpoint in ${path}.`, {
    hint: 'Name the file of `audit checkpoints --json`, of `access.audit.checkpoints.file`, or of the syslog server.',
  });
}
