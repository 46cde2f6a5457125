import { ClusterError, phrase } from '@cluster-ai/contracts';

/** What a source offers and nobody should take. */
export const refused = (host: string, why: string): ClusterError =>
  new ClusterError('source_refused', phrase('source_offers', { host, why }), { hint: phrase('do_not_trust_source') });

/** What a status means that is no answer. */
export function toStatusError(status: number, host: string, what: string): ClusterError {
  if (status === 401 || status === 403)
    return new ClusterError('source_refused', phrase('source_wants_proof', { host, what, status }), {
      hint: phrase('name_a_secret', { host }),
    });
  if (status === 404)
    return new ClusterError('source_not_found', phrase('source_has_no', { host, what }), { hint: phrase('check_the_reference') });
  return new ClusterError('remote_failed', phrase('source_answered', { host, what, status }), { hint: phrase('try_later') });
}
