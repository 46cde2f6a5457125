import { constants, performServerHandshake, type ServerHttp2Session } from 'node:http2';
import { pipeline } from 'node:stream/promises';
import type { TLSSocket } from 'node:tls';
import { ClusterError, errorCodes, renewRequestShape } from '@cluster-ai/contracts';
import { answerError, answerJson, blobSession, type Exchange, type Logger, readJson, toStreamListener } from '@cluster-ai/runtime';
import type { ReadableBlob } from '../registry/blob-reader.ts';
import type { Certificates, IssuedCertificate, NodeIdentity } from './certificates.ts';

const idleMs = 60_000;
const blobPath = /^\/blobs\/(sha256:[0-9a-f]{64})$/;

export type LocateBlob = (digest: string) => Promise<Pick<ReadableBlob, 'filePath' | 'sizeBytes' | 'read'> | undefined>;

export interface BlobDoorDeps {
  readonly certificates: Certificates;
  readonly locateBlob: LocateBlob;
  /** Whether this node was ordered to run something made of these bytes. */
  readonly isMeantFor: (nodeId: string, digest: string) => boolean;
  readonly onRenewed: (nodeId: string, issued: IssuedCertificate) => Promise<boolean>;
  readonly log: Logger;
}

const toMissing = (digest: string) => new ClusterError('blob_not_found', `There is no blob ${digest} for this node.`);

/** `bytes=N-` or `bytes=N-M`; `undefined` for no range at all. Throws `range_not_satisfiable`. */
export function readRange(header: string | undefined, sizeBytes: number): { readonly from: number; readonly to: number } | undefined {
  if (header === undefined) return undefined;
  const [, first, last] = /^bytes=(\d{1,15})-(\d{0,15})$/.exec(header) ?? [];
  const from = Number(first ?? Number.NaN);
  const to = last === undefined || last === '' ? sizeBytes - 1 : Math.min(Number(last), sizeBytes - 1);
  if (!(from <= to))
    throw new ClusterError('range_not_satisfiable', `The range ${header.slice(0, 60)} lies outside of ${sizeBytes} bytes.`);
  return { from, to };
}

/** `cai-blob`: a node fetches weights and renews its certificate. It sees only what it was ordered to run. */
export function createBlobDoor(deps: BlobDoorDeps): (socket: TLSSocket, identity: NodeIdentity) => ServerHttp2Session {
  const { certificates, locateBlob, isMeantFor, onRenewed, log } = deps;

  const sendBlob = async ({ stream, headers }: Exchange, digest: string, nodeId: string) => {
    const blob = isMeantFor(nodeId, digest) ? await locateBlob(digest) : undefined;
    if (!blob) throw toMissing(digest);
    const range = readRange(headers.range, blob.sizeBytes);
    const { from, to } = range ?? { from: 0, to: blob.sizeBytes - 1 };
    const answer = {
      ':status': range ? 206 : 200,
      'content-type': 'application/octet-stream',
      'accept-ranges': 'bytes',
      ...(range ? { 'content-range': `bytes ${from}-${to}/${blob.sizeBytes}` } : {}),
    };
    if (blob.filePath !== undefined)
      stream.respondWithFile(blob.filePath, answer, {
        offset: from,
        length: to - from + 1,
        onError: (cause) => answerError(stream, Object.assign(toMissing(digest), { cause })),
      });
    else {
      const bytes = await blob.read({ from, to });
      stream.respond({ ...answer, 'content-length': to - from + 1 });
      await pipeline(bytes, stream).catch(() => {}); // both ends are closed; the node asks again from where it is
    }
  };

  const renew = async ({ stream }: Exchange, nodeId: string) => {
    const request = renewRequestShape.safeParse(await readJson(stream, 16 * 1024));
    if (!request.success) throw new ClusterError('invalid_request', 'The renewal has not the shape that this version expects.');
    const issued = await certificates.issueForNode(request.data.certificateRequest, nodeId);
    if (!(await onRenewed(nodeId, issued))) throw new ClusterError('certificate_refused', errorCodes.certificate_refused.title);
    answerJson(stream, 200, { certificate: issued.certificate, certificateAuthority: certificates.authority });
  };

  return (socket, { nodeId, isExpired }) => {
    const session = performServerHandshake(socket, blobSession);
    session.on('error', () => {});
    session.setTimeout(idleMs, () => session.destroy(undefined, constants.NGHTTP2_CANCEL));
    const listener = toStreamListener(
      (exchange) => {
        const { method, path } = exchange;
        const digest = blobPath.exec(path)?.[1];
        if (method === 'POST' && path === '/renew') return renew(exchange, nodeId);
        if (method === 'GET' && digest !== undefined && !isExpired) return sendBlob(exchange, digest, nodeId);
        throw new ClusterError('unknown_route', 'Here a node can GET /blobs/{digest} and POST /renew.');
      },
      (error, path) => log.error({ err: error, nodeId, path }, 'A request of a node failed on our side'),
    );
    session.on('stream', listener);
    return session;
  };
}
