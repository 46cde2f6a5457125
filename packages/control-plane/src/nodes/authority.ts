import { createPrivateKey, type KeyObject, randomBytes, webcrypto, X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ClusterError } from '@cluster-ai/contracts';
import { type Clock, newId, writePrivateFile } from '@cluster-ai/runtime';
import type * as X509 from '@peculiar/x509';
import { loadX509 } from './x509.ts';

export const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
/** Clocks of unequal machines: certificates begin a little in the past. */
const clockSkewMs = 2 * 60_000;
const authorityLifeMs = 10 * 365 * 24 * 60 * 60_000;
export const clientAuth = '1.3.6.1.5.5.7.3.2';
export const serverAuth = '1.3.6.1.5.5.7.3.1';

export interface IssuedCertificate {
  readonly certificate: string;
  readonly serial: string;
  readonly expiresAtMs: number;
}

/** A certificate authority of ours. Its key never leaves its folder. */
export interface Authority {
  /** Made up once: names that its certificates carry begin with it. */
  readonly id: string;
  /** PEM. */
  readonly certificate: string;
  readonly key: KeyPair;
  issue(publicKey: X509.PublicKeyType, lifeMs: number, subject: string, extensions: readonly X509.Extension[]): Promise<IssuedCertificate>;
}

export interface KeyPair {
  readonly privateKey: KeyObject;
  readonly pem: string;
}

function importKey(pem: string): KeyPair {
  return { privateKey: createPrivateKey(pem), pem };
}

export async function loadOrMakeKey(path: string): Promise<KeyPair> {
  if (existsSync(path)) return importKey(readFileSync(path, 'utf8'));
  const { privateKey } = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', privateKey));
  const pem = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }).export({ type: 'pkcs8', format: 'pem' }).toString();
  writePrivateFile(path, pem);
  return importKey(pem);
}

export const toCryptoKeys = async ({ privateKey }: KeyPair) => {
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

async function makeAuthority(key: KeyPair, id: string, nowMs: number): Promise<string> {
  const x509 = await loadX509();
  const keys = await toCryptoKeys(key);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: newSerial(),
    name: `CN=Cluster AI ${id}`,
    notBefore: new Date(nowMs - clockSkewMs),
    notAfter: new Date(nowMs + authorityLifeMs),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      new x509.SubjectAlternativeNameExtension([{ type: 'url', value: `spiffe://${id}` }]),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return toPem(certificate);
}

async function loadOrMakeAuthority(folder: string, prefix: string, key: KeyPair, nowMs: number): Promise<string> {
  const path = join(folder, 'ca.crt');
  if (!existsSync(path)) writePrivateFile(path, await makeAuthority(key, newId(prefix, nowMs), nowMs));
  const pem = readFileSync(path, 'utf8');
  if (!new X509Certificate(pem).checkPrivateKey(key.privateKey))
    throw new ClusterError('config_invalid', `The key of the certificate authority in ${folder} does not belong to its certificate.`, {
      hint: 'Restore ca.key and ca.crt together from a backup.',
    });
  return pem;
}

export function findUri(certificate: X509Certificate): string | undefined {
  const names = certificate.subjectAltName?.split(', ') ?? [];
  return names.length === 1 && names[0]?.startsWith('URI:') ? names[0].slice('URI:'.length) : undefined;
}

/** Opens the authority that lies in a folder as `ca.key` and `ca.crt`; makes it the first time. */
export async function openAuthority(folder: string, prefix: string, clock: Pick<Clock, 'now'>): Promise<Authority> {
  const key = await loadOrMakeKey(join(folder, 'ca.key'));
  const authority = await loadOrMakeAuthority(folder, prefix, key, clock.now());
  return {
    id: findUri(new X509Certificate(authority))?.replace('spiffe://', '') ?? '',
    certificate: authority,
    key,
    async issue(publicKey, lifeMs, subject, extensions) {
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
        signingKey: (await toCryptoKeys(key)).privateKey,
        extensions: [
          new x509.BasicConstraintsExtension(false, undefined, true),
          new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
          // strict clients (Python since 3.13) refuse certificates that do not name their issuer's key
          new x509.AuthorityKeyIdentifierExtension(issuer.getExtension(x509.SubjectKeyIdentifierExtension)?.keyId ?? ''),
          ...extensions,
        ],
      });
      return { certificate: toPem(made), serial, expiresAtMs };
    },
  };
}
