import { ClusterError, isClusterError } from '@cluster-ai/contracts';
import { errnoOf } from '@cluster-ai/runtime';

const unreachable = /^(ECONN|EHOST|ENET|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|ENOENT)/;

/** PostgreSQL's error codes (appendix A of its manual) in our words. `where` names host and database, never the password. */
export function toPostgresError(error: unknown, where: string): unknown {
  if (isClusterError(error)) return error;
  const code = errnoOf(error) ?? '';
  if (code === '23505')
    return new ClusterError('already_exists', 'A record with the same name or number exists already.', { cause: error });
  if (code.startsWith('23'))
    return new ClusterError('conflict', 'The change does not fit to what is stored.', {
      hint: 'Read it again and repeat the change.',
      cause: error,
    });
  if (code === '53100')
    return new ClusterError('disk_full', `The disk of the database ${where} is full.`, {
      hint: 'Free some space on its server.',
      cause: error,
    });
  if (code.startsWith('28') || code === '3D000')
    return new ClusterError('database_unavailable', `The database ${where} refuses the sign-in, or does not exist (${code}).`, {
      hint: 'Check user, password and name in `database` of cluster.yaml.',
      cause: error,
    });
  if (isConnectionLoss(code, error))
    return new ClusterError('database_unavailable', `The database ${where} cannot be reached${code === '' ? '' : ` (${code})`}.`, {
      hint: 'Check that it runs, and `database` in cluster.yaml.',
      cause: error,
    });
  return error;
}

/** Connection exceptions, shut-down and start-up of the server, too many clients, lock time-outs; `pg` itself gives some no code. */
function isConnectionLoss(code: string, error: unknown): boolean {
  if (/^(08|53|57P0)/.test(code) || code === '55P03' || unreachable.test(code)) return true;
  return (
    code === '' &&
    error instanceof Error &&
    /connection terminated|connection error|timeout exceeded when trying to connect/i.test(error.message)
  );
}
