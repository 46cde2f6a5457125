import { createPrivateKey, webcrypto } from 'node:crypto';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const dayMs = 24 * 60 * 60_000;

export interface TestAuthority {
  readonly authority: string;
  readonly certificate: string;
  readonly key: string;
}

/** An authority of a cluster of Dask, and one certificate of it: which of scheduler, worker or client shows it makes no difference. */
export async function makeTestAuthority(): Promise<TestAuthority> {
  await import('reflect-metadata');
  const x509 = await import('@peculiar/x509');
  const makeKeys = () => webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const [owner, holder] = await Promise.all([makeKeys(), makeKeys()]);
  const life = { notBefore: new Date(Date.now() - dayMs), notAfter: new Date(Date.now() + dayMs), signingAlgorithm: algorithm };
  const authority = await x509.X509CertificateGenerator.createSelfSigned({
    ...life,
    name: 'CN=test authority',
    keys: owner,
    extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
  });
  const certificate = await x509.X509CertificateGenerator.create({
    ...life,
    subject: 'CN=test',
    issuer: authority.subject,
    publicKey: holder.publicKey,
    signingKey: owner.privateKey,
  });
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', holder.privateKey));
  return {
    authority: `${authority.toString('pem').trimEnd()}\n`,
    certificate: `${certificate.toString('pem').trimEnd()}\n`,
    key: createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }).export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}
