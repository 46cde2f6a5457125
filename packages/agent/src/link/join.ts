import { X509Certificate } from 'node:crypto';
import type { DetailedPeerCertificate, TLSSocket } from 'node:tls';
import { alpn, ClusterError, joinAnswerShape } from '@cluster-ai/contracts';
import { fingerprintOf, joinSession, parseJoinToken } from '@cluster-ai/runtime';
import { makeCertificateRequest } from './certificate-request.ts';
import { askJson, endSession } from './control-plane-client.ts';
import { dial, toClientSession } from './dial.ts';
import type { Identity } from './identity.ts';

export interface JoinWish {
  readonly address: string;
  readonly token: string;
  readonly name: string;
  readonly version: string;
}

function chainOf(socket: TLSSocket): X509Certificate[] {
  const chain: X509Certificate[] = [];
  const seen = new Set<string>();
  let next: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
  while (next?.raw && !seen.has(next.fingerprint256)) {
    seen.add(next.fingerprint256);
    chain.push(new X509Certificate(next.raw));
    next = next.issuerCertificate;
  }
  return chain;
}

/** The certificate of the authority that the token names, as the server shows it. Nothing of ours is sent on this connection. */
async function fetchAuthority(address: string, fingerprint: string, signal: AbortSignal): Promise<string> {
  const socket = await dial(address, alpn.join, { rejectUnauthorized: false }, signal);
  const authority = chainOf(socket).find((certificate) => fingerprintOf(certificate.publicKey) === fingerprint);
  socket.destroy();
  if (authority) return authority.toString();
  throw new ClusterError('certificate_authority_mismatch', `The cluster at ${address} is not the one that the token names.`, {
    hint: 'The token was not sent. Check the address, and use a token of that cluster: `cluster-ai nodes invite`.',
  });
}

/**
 * Exchanges a join token for an identity. The token leaves this machine only on a connection whose certificate was signed by the authority that
 * the token names. Throws `certificate_authority_mismatch`, `join_token_invalid | _used | _expired | _foreign`, `not_running`.
 */
export async function joinCluster({ address, token, name, version }: JoinWish, signal: AbortSignal): Promise<Identity> {
  const parsed = parseJoinToken(token);
  if (!parsed)
    throw new ClusterError('join_token_invalid', 'The join token is not complete.', {
      hint: 'Copy the whole line that `cluster-ai nodes invite` printed.',
    });
  const authority = await fetchAuthority(address, parsed.fingerprint, signal);
  const { key, certificateRequest } = await makeCertificateRequest();
  const session = toClientSession(await dial(address, alpn.join, { ca: authority }, signal), joinSession);
  try {
    const body = Buffer.from(JSON.stringify({ token: token.trim(), certificateRequest, name, agentVersion: version }));
    const answer = joinAnswerShape.parse(await askJson(session, { method: 'POST', path: '/join', body, signal }));
    const { nodeId, clusterName, certificate } = answer;
    return { nodeId, name, clusterName, address, key, certificate, certificateAuthority: authority };
  } finally {
    endSession(session);
  }
}
