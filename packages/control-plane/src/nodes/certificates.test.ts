import { createPrivateKey, generateKeyPairSync, webcrypto, X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createManualClock, locateDataFolder, makeDataFolder } from '@cluster-ai/runtime';
import { afterAll, expect, test } from 'vitest';
import { type Certificates, nodeLifeMs, openCertificates } from './certificates.ts';
import { loadX509 } from './x509.ts';

const root = mkdtempSync(join(tmpdir(), 'cai-ca-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const clock = createManualClock(Date.UTC(2026, 5, 1));
const p256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
let count = 0;
const open = () => {
  const folder = locateDataFolder(join(root, String(count++)), {});
  makeDataFolder(folder);
  return openCertificates({ folder, clock });
};

async function makeRequest(algorithm: webcrypto.EcKeyGenParams | webcrypto.RsaHashedKeyGenParams = p256 as webcrypto.EcKeyGenParams) {
  const x509 = await loadX509();
  const keys = (await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: 'CN=admin, O=Somebody Else',
    keys,
    signingAlgorithm: 'namedCurve' in algorithm ? p256 : algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, 3, true),
      new x509.SubjectAlternativeNameExtension([{ type: 'url', value: 'spiffe://evil/node/other' }]),
    ],
  });
  return request.toString('pem');
}
const issue = async (certificates: Certificates, nodeId = 'node_1') =>
  new X509Certificate((await certificates.issueForNode(await makeRequest(), nodeId)).certificate);

test('a node’s certificate says who it is, for a day, and nothing that the request wished', async () => {
  const certificates = await open();
  const certificate = await issue(certificates);
  expect(certificate.subjectAltName).toBe(`URI:spiffe://${certificates.clusterId}/node/node_1`);
  expect(certificate.subject).toBe('CN=node_1');
  expect(certificate.ca).toBe(false);
  expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
  expect(certificate.validFromDate.getTime()).toBe(clock.now() - 120_000);
  expect(certificate.validToDate.getTime()).toBe(clock.now() + nodeLifeMs);
  expect(certificates.identify(certificate)).toEqual({ nodeId: 'node_1', serial: certificate.serialNumber, isExpired: false });
});

test('only our node certificates identify anybody', async () => {
  const certificates = await open();
  const other = await open();
  const { certificate: server } = await certificates.issueForServer(['10.0.0.1', 'host.example']);
  expect(certificates.identify(new X509Certificate(server))).toBeUndefined();
  expect(certificates.identify(new X509Certificate(certificates.authority))).toBeUndefined();
  expect(certificates.identify(await issue(other))).toBeUndefined();
});

/** A certificate that says whatever we like, signed with the key in this folder. */
async function forge(certificates: Certificates, keyFolder: string, usage: string): Promise<X509Certificate> {
  const x509 = await loadX509();
  const pem = readFileSync(join(keyFolder, 'ca.key'), 'utf8');
  const der = createPrivateKey(pem).export({ type: 'pkcs8', format: 'der' });
  const request = new x509.Pkcs10CertificateRequest(await makeRequest());
  const forged = await x509.X509CertificateGenerator.create({
    subject: 'CN=node_1',
    issuer: new x509.X509Certificate(certificates.authority).subject,
    notBefore: new Date(clock.now() - 1000),
    notAfter: new Date(clock.now() + 1000),
    signingAlgorithm: p256,
    publicKey: request.publicKey,
    signingKey: await webcrypto.subtle.importKey('pkcs8', der, p256, false, ['sign']),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.ExtendedKeyUsageExtension([usage]),
      new x509.SubjectAlternativeNameExtension([{ type: 'url', value: `spiffe://${certificates.clusterId}/node/node_1` }]),
    ],
  });
  return new X509Certificate(forged.toString('pem'));
}

test('a certificate with all the right names counts for nothing without our signature, or for another purpose', async () => {
  const certificates = await open();
  const ours = join(root, String(count - 1), 'secrets');
  await open();
  const theirs = join(root, String(count - 1), 'secrets');
  const [clientAuth, serverAuth] = ['1.3.6.1.5.5.7.3.2', '1.3.6.1.5.5.7.3.1'];
  expect(certificates.identify(await forge(certificates, ours, clientAuth))).toMatchObject({ nodeId: 'node_1' });
  expect(certificates.identify(await forge(certificates, theirs, clientAuth))).toBeUndefined();
  expect(certificates.identify(await forge(certificates, ours, serverAuth))).toBeUndefined();
});

test('an ended certificate still names its node, as ended; one from the future names nobody', async () => {
  const certificates = await open();
  const certificate = await issue(certificates);
  await clock.advance(nodeLifeMs + 1);
  expect(certificates.identify(certificate)).toMatchObject({ nodeId: 'node_1', isExpired: true });
  const later = await issue(certificates);
  const past = await openCertificates({
    folder: locateDataFolder(join(root, String(count - 1)), {}),
    clock: { ...clock, now: () => clock.now() - 3 * nodeLifeMs },
  });
  expect(past.identify(later)).toBeUndefined();
});

test.each([
  ['no request at all', async () => 'nonsense'],
  ['a certificate instead', async () => (await open()).authority],
  [
    'a weak RSA key',
    () => makeRequest({ name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', modulusLength: 1024, publicExponent: new Uint8Array([1, 0, 1]) }),
  ],
  ['another curve', () => makeRequest({ name: 'ECDSA', namedCurve: 'P-384' })],
])('refuses %s', async (_what, make) => {
  const certificates = await open();
  await expect(certificates.issueForNode(await make(), 'node_1')).rejects.toMatchObject({ code: 'invalid_request' });
});

test('refuses a request for a key that its sender does not have', async () => {
  const certificates = await open();
  const genuine = Buffer.from((await makeRequest()).replace(/-----[^-]+-----|\s/g, ''), 'base64');
  const victim = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ type: 'spki', format: 'der' });
  const at = genuine.indexOf(victim.subarray(0, 26)); // the same header before every P-256 key
  victim.copy(genuine, at);
  const forged = `-----BEGIN CERTIFICATE REQUEST-----\n${genuine.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`;
  await expect(certificates.issueForNode(forged, 'node_1')).rejects.toMatchObject({
    code: 'invalid_request',
    message: expect.stringMatching(/signed by its own key/),
  });
});

test('the server’s key stays, its certificate is made anew, and serves servers only', async () => {
  const certificates = await open();
  const first = await certificates.issueForServer([]);
  const second = await certificates.issueForServer(['192.168.1.5', '::1']);
  expect(second.key).toBe(first.key);
  const certificate = new X509Certificate(second.certificate);
  expect(certificate.checkHost('link.cluster-ai.internal')).toBe('link.cluster-ai.internal');
  expect(certificate.checkIP('192.168.1.5')).toBe('192.168.1.5');
  expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
});
