import type { ClientHttp2Session } from 'node:http2';
import { alpn, ClusterError, renewAnswerShape } from '@cluster-ai/contracts';
import { blobSession, blobWindowBytes, type DataFolder } from '@cluster-ai/runtime';
import type { FetchBlob } from '../weights/weights.ts';
import { makeCertificateRequest } from './certificate-request.ts';
import { ask, askJson, endSession } from './control-plane-client.ts';
import { dial, toClientSession } from './dial.ts';
import { type Identity, loadIdentity } from './identity.ts';

export const trustOf = ({ key, certificate, certificateAuthority }: Identity) => ({ key, cert: certificate, ca: certificateAuthority });

async function openBlobSession(identity: Identity, signal: AbortSignal) {
  const session = toClientSession(await dial(identity.address, alpn.blob, trustOf(identity), signal), blobSession);
  session.once('connect', () => session.setLocalWindowSize(blobWindowBytes));
  return session;
}

/** A new key and a new certificate for the same node. Also for one whose certificate ended while the machine was off. */
export async function renewIdentity(identity: Identity, signal: AbortSignal): Promise<Identity> {
  const { key, certificateRequest } = await makeCertificateRequest();
  const session = await openBlobSession(identity, signal);
  try {
    const body = Buffer.from(JSON.stringify({ certificateRequest }));
    const { certificate } = renewAnswerShape.parse(await askJson(session, { method: 'POST', path: '/renew', body, signal }));
    return { ...identity, key, certificate };
  } finally {
    endSession(session);
  }
}

/** Streams that are open already follow the setting. */
function setStreamWindow(session: ClientHttp2Session, bytes: number): void {
  if (!session.destroyed && !session.closed) session.settings({ ...blobSession.settings, initialWindowSize: bytes });
}

/** Weights come on a connection of their own: on the link they would stand in the way of tokens. */
export function createFetchBlob(folder: DataFolder): FetchBlob {
  return async (digest, fromByte, signal) => {
    const identity = loadIdentity(folder);
    if (!identity) throw new ClusterError('not_running', 'This machine has not joined a cluster yet, so it cannot fetch weights.');
    const session = await openBlobSession(identity, signal);
    try {
      const headers = fromByte > 0 ? { range: `bytes=${fromByte}-` } : {};
      const { body, headers: answered } = await ask(session, { method: 'GET', path: `/blobs/${digest}`, headers, signal });
      body.once('close', () => endSession(session));
      return { totalBytes: fromByte + Number(answered['content-length']), body, setWindow: (bytes) => setStreamWindow(session, bytes) };
    } catch (error) {
      endSession(session);
      throw error;
    }
  };
}
