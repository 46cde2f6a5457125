import { createHmac, createPublicKey, hkdfSync, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { ClusterError } from '@cluster-ai/contracts';
import { type Clock, curlPinOf, type DataFolder, fingerprintOf, linkServerName } from '@cluster-ai/runtime';
import type * as X509 from '@peculiar/x509';
import {
  algorithm,
  clientAuth,
  findUri,
  type IssuedCertificate,
  type KeyPair,
  loadOrMakeKey,
  openAuthority,
  serverAuth,
  toCryptoKeys,
} from './authority.ts';
import { loadX509 } from './x509.ts';

export type { IssuedCertificate } from './authority.ts';

const dayMs = 24 * 60 * 60_000;
const serverLifeMs = 90 * dayMs;
export const nodeLifeMs = dayMs;

/** What a node's certificate proves. */
export interface NodeIdentity {
  readonly nodeId: string;
  readonly serial: string;
  readonly isExpired: boolean;
}

/** The cluster's own certificate authority. Its key never leaves the folder of secrets. */
export interface Certificates {
  readonly clusterId: string;
  /** PEM. */
  readonly authority: string;
  /** What join tokens carry. */
  readonly fingerprint: string;
  /** What curl pins: the key of the link's server certificate, the same for the life of the data folder. */
  readonly serverPin: string;
  /** For the link's listener: the stable key and a fresh certificate for these host names and addresses. */
  issueForServer(names: readonly string[]): Promise<{ readonly key: string; readonly certificate: string }>;
  /** For a listener that people and programs use: a key of its own and a fresh certificate for these host names and addresses. */
  issueForListener(names: readonly string[]): Promise<{ readonly key: string; readonly certificate: string }>;
  /** Takes nothing from the request but its public key. Throws `invalid_request`. */
  issueForNode(certificateRequest: string, nodeId: string): Promise<IssuedCertificate>;
  /** What only this authority can have made of a text, for what is given out and comes back. */
  proofOf(text: string): Buffer;
  /** `undefined` for every certificate that this authority did not make for a node. */
  identify(peer: X509Certificate): NodeIdentity | undefined;
}

async function readRequest(text: string): Promise<X509.Pkcs10CertificateRequest> {
  const x509 = await loadX509();
  const refuse = (message: string, cause?: unknown) => new ClusterError('invalid_request', message, { param: 'certificateRequest', cause });
  let request: X509.Pkcs10CertificateRequest;
  try {
    request = new x509.Pkcs10CertificateRequest(text);
  } catch (cause) {
    throw refuse('The certificate request is not a PKCS #10 request in PEM.', cause);
  }
  const { name, namedCurve } = request.publicKey.algorithm as { name: string; namedCurve?: string };
  if (name !== algorithm.name || namedCurve !== algorithm.namedCurve) throw refuse('The key of a node is an ECDSA key on P-256.');
  if (!(await request.verify().catch(() => false))) throw refuse('The certificate request is not signed by its own key.');
  return request;
}

/** Opens the authority of this data folder; makes it on the first start. */
export async function openCertificates({ folder, clock }: { readonly folder: DataFolder; readonly clock: Clock }): Promise<Certificates> {
  const { id: clusterId, certificate: authority, key: authorityKey, issue } = await openAuthority(folder.secrets, 'cluster', clock);
  const serverKey = await loadOrMakeKey(join(folder.secrets, 'link-server.key'));
  const listenerKeyPath = join(folder.secrets, 'listener.key');
  const authorityCertificate = new X509Certificate(authority);
  const nodeUri = new RegExp(`^spiffe://${clusterId}/node/([\\w-]{1,64})$`);

  /** For servers only, and only under these names. */
  const issueServer = async (key: KeyPair, subject: string, names: readonly string[]) => {
    const x509 = await loadX509();
    const { publicKey } = await toCryptoKeys(key);
    const { certificate } = await issue(publicKey, serverLifeMs, subject, [
      new x509.ExtendedKeyUsageExtension([serverAuth]),
      new x509.SubjectAlternativeNameExtension(
        names.map((name) => ({ type: isIP(name) === 0 ? ('dns' as const) : ('ip' as const), value: name })),
      ),
    ]);
    return { key: key.pem, certificate };
  };

  const der = authorityKey.privateKey.export({ type: 'pkcs8', format: 'der' });
  const proofKey = Buffer.from(hkdfSync('sha256', der, clusterId, 'proofs of what was given out', 32));

  return {
    clusterId,
    authority,
    fingerprint: fingerprintOf(authorityCertificate.publicKey),
    serverPin: curlPinOf(createPublicKey(serverKey.privateKey)),
    issueForServer: (names) => issueServer(serverKey, `CN=${linkServerName}`, [linkServerName, ...names]),
    issueForListener: async (names) => issueServer(await loadOrMakeKey(listenerKeyPath), 'CN=Cluster AI', names),
    async issueForNode(certificateRequest, nodeId) {
      const x509 = await loadX509();
      const request = await readRequest(certificateRequest);
      return issue(request.publicKey, nodeLifeMs, `CN=${nodeId}`, [
        new x509.ExtendedKeyUsageExtension([clientAuth]),
        new x509.SubjectAlternativeNameExtension([{ type: 'url', value: `spiffe://${clusterId}/node/${nodeId}` }]),
      ]);
    },
    proofOf: (text) => createHmac('sha256', proofKey).update(text).digest(),
    identify(peer) {
      const isOurs = peer.checkIssued(authorityCertificate) && peer.verify(authorityCertificate.publicKey);
      const usages = peer.keyUsage ?? [];
      if (!isOurs || peer.ca || usages.length !== 1 || usages[0] !== clientAuth) return undefined;
      const nodeId = nodeUri.exec(findUri(peer) ?? '')?.[1];
      if (nodeId === undefined || peer.validFromDate.getTime() > clock.now()) return undefined;
      return { nodeId, serial: peer.serialNumber, isExpired: peer.validToDate.getTime() <= clock.now() };
    },
  };
}
