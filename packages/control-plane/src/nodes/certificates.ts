import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
  webcrypto,
  X509Certificate,
} from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { ClusterError } from '@cluster-ai/contracts';
import { type Clock, curlPinOf, type DataFolder, fingerprintOf, linkServerName, newId, writePrivateFile } from '@cluster-ai/runtime';
import type * as X509 from '@peculiar/x509';
import { loadX509 } from './x509.ts';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;
/** Clocks of unequal machines: certificates begin a little in the past. */
const clockSkewMs = 2 * minuteMs;
const authorityLifeMs = 10 * 365 * dayMs;
const serverLifeMs = 90 * dayMs;
export const nodeLifeMs = dayMs;
const clientAuth = '1.3.6.1.5.5.7.3.2';
const serverAuth = '1.3.6.1.5.5.7.3.1';

export interface IssuedCertificate {
  readonly certificate: string;
  readonly serial: string;
  readonly expiresAtMs: number;
}

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

interface KeyPair {
  readonly privateKey: KeyObject;
  readonly pem: string;
}

function importKey(pem: string): KeyPair {
  return { privateKey: createPrivateKey(pem), pem };
}

async function loadOrMakeKey(path: string): Promise<KeyPair> {
  if (existsSync(path)) return importKey(readFileSync(path, 'utf8'));
  const { privateKey } = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', privateKey));
  const pem = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }).export({ type: 'pkcs8', format: 'pem' }).toString();
  writePrivateFile(path, pem);
  return importKey(pem);
}

const toCryptoKeys = async ({ privateKey }: KeyPair) => {
  const der = privateKey.export({ type: 'pkcs8', format: 'der' });
  const jwk = privateKey.export({ format: 'jwk' });
  const publicJwk = { kty: jwk.kty, crv: jwk.crv, x: jwk.x, y: jwk.y } as webcrypto.JsonWebKey;
  return {
    privateKey: await webcrypto.subtle.importKey('pkcs8', der, algorithm, true, ['sign']),
    publicKey: await webcrypto.subtle.importKey('jwk', publicJwk, algorithm, true, ['verify']),
  };
};

/** 127 random bits, positive and of one length, so that it reads the same everywhere. */
function newSerial(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString('hex').toUpperCase();
}

/** Two PEM blocks are only read as two when each ends its line. */
const toPem = (certificate: X509.X509Certificate) => `${certificate.toString('pem').trimEnd()}\n`;

async function makeAuthority(key: KeyPair, clusterId: string, nowMs: number): Promise<string> {
  const x509 = await loadX509();
  const keys = await toCryptoKeys(key);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: newSerial(),
    name: `CN=Cluster AI ${clusterId}`,
    notBefore: new Date(nowMs - clockSkewMs),
    notAfter: new Date(nowMs + authorityLifeMs),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      new x509.SubjectAlternativeNameExtension([{ type: 'url', value: `spiffe://${clusterId}` }]),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return toPem(certificate);
}

async function loadOrMakeAuthority(folder: string, key: KeyPair, nowMs: number): Promise<string> {
  const path = join(folder, 'ca.crt');
  if (!existsSync(path)) writePrivateFile(path, await makeAuthority(key, newId('cluster', nowMs), nowMs));
  const pem = readFileSync(path, 'utf8');
  if (!new X509Certificate(pem).checkPrivateKey(key.privateKey))
    throw new ClusterError(
      'config_invalid',
      `The key of the internal certificate authority in ${folder} does not belong to its certificate.`,
      {
        hint: 'Restore ca.key and ca.crt together from a backup.',
      },
    );
  return pem;
}

function findUri(certificate: X509Certificate): string | undefined {
  const names = certificate.subjectAltName?.split(', ') ?? [];
  return names.length === 1 && names[0]?.startsWith('URI:') ? names[0].slice('URI:'.length) : undefined;
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
  const authorityKey = await loadOrMakeKey(join(folder.secrets, 'ca.key'));
  const serverKey = await loadOrMakeKey(join(folder.secrets, 'link-server.key'));
  const listenerKeyPath = join(folder.secrets, 'listener.key');
  const authority = await loadOrMakeAuthority(folder.secrets, authorityKey, clock.now());
  const authorityCertificate = new X509Certificate(authority);
  const clusterId = findUri(authorityCertificate)?.replace('spiffe://', '') ?? '';
  const nodeUri = new RegExp(`^spiffe://${clusterId}/node/([\\w-]{1,64})$`);

  const issue = async (publicKey: X509.PublicKeyType, lifeMs: number, subject: string, extensions: readonly X509.Extension[]) => {
    const x509 = await loadX509();
    const serial = newSerial();
    const expiresAtMs = clock.now() + lifeMs;
    const issuer = new x509.X509Certificate(authority);
    const made = await x509.X509CertificateGenerator.create({
      serialNumber: serial,
      subject,
      issuer: issuer.subject,
      notBefore: new Date(clock.now() - clockSkewMs),
      notAfter: new Date(expiresAtMs),
      signingAlgorithm: algorithm,
      publicKey,
      signingKey: (await toCryptoKeys(authorityKey)).privateKey,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        // strict clients (Python since 3.13) refuse certificates that do not name their issuer's key
        new x509.AuthorityKeyIdentifierExtension(issuer.getExtension(x509.SubjectKeyIdentifierExtension)?.keyId ?? ''),
        ...extensions,
      ],
    });
    return { certificate: toPem(made), serial, expiresAtMs };
  };

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
