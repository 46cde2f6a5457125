import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';

/* An authenticator in software, as a browser would speak for it: ES256, no attestation. Enough CBOR to say that. */

const head = (major: number, length: number): Buffer => {
  if (length < 24) return Buffer.from([(major << 5) | length]);
  return length < 256 ? Buffer.from([(major << 5) | 24, length]) : Buffer.from([(major << 5) | 25, length >> 8, length & 255]);
};
const integer = (value: number) => (value >= 0 ? head(0, value) : head(1, -1 - value));
const bytes = (value: Buffer) => Buffer.concat([head(2, value.length), value]);
const words = (value: string) => Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)]);
const map = (pairs: readonly (readonly [Buffer, Buffer])[]) => Buffer.concat([head(5, pairs.length), ...pairs.flat()]);

const sha256 = (value: Buffer | string) => createHash('sha256').update(value).digest();

const PRESENT = 0x01;
const VERIFIED = 0x04;
const HAS_CREDENTIAL = 0x40;

export interface SoftAuthenticator {
  readonly id: string;
  /** Answers `navigator.credentials.create`. */
  create(options: { challenge: string; rp: { id: string } }, origin: string): unknown;
  /** Answers `navigator.credentials.get`. `isVerified`: whether it asked its owner for PIN or finger. */
  get(options: { challenge: string; rpId: string }, origin: string, isVerified?: boolean): unknown;
  setCounter(value: number): void;
}

export function createSoftAuthenticator(): SoftAuthenticator {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
  const credentialId = randomBytes(16);
  const id = credentialId.toString('base64url');
  let counter = 0;

  const toAuthenticatorData = (rpId: string, flags: number, more: readonly Buffer[] = []) => {
    const count = Buffer.alloc(4);
    count.writeUInt32BE(counter);
    return Buffer.concat([sha256(rpId), Buffer.from([flags]), count, ...more]);
  };
  const toClientData = (type: string, challenge: string, origin: string) =>
    Buffer.from(JSON.stringify({ type, challenge, origin, crossOrigin: false }));
  const toCredential = (response: Record<string, string>) => ({ id, rawId: id, type: 'public-key', response, clientExtensionResults: {} });

  return {
    id,
    create({ challenge, rp }, origin) {
      const key = map([
        [integer(1), integer(2)],
        [integer(3), integer(-7)],
        [integer(-1), integer(1)],
        [integer(-2), bytes(Buffer.from(x, 'base64url'))],
        [integer(-3), bytes(Buffer.from(y, 'base64url'))],
      ]);
      const data = toAuthenticatorData(rp.id, PRESENT | VERIFIED | HAS_CREDENTIAL, [
        Buffer.alloc(16),
        Buffer.from([0, credentialId.length]),
        credentialId,
        key,
      ]);
      const attestation = map([
        [words('fmt'), words('none')],
        [words('attStmt'), map([])],
        [words('authData'), bytes(data)],
      ]);
      return toCredential({
        clientDataJSON: toClientData('webauthn.create', challenge, origin).toString('base64url'),
        attestationObject: attestation.toString('base64url'),
      });
    },
    get({ challenge, rpId }, origin, isVerified = true) {
      counter += 1;
      const data = toAuthenticatorData(rpId, PRESENT | (isVerified ? VERIFIED : 0));
      const clientData = toClientData('webauthn.get', challenge, origin);
      return toCredential({
        clientDataJSON: clientData.toString('base64url'),
        authenticatorData: data.toString('base64url'),
        signature: sign('sha256', Buffer.concat([data, sha256(clientData)]), privateKey).toString('base64url'),
      });
    },
    setCounter(value) {
      counter = value;
    },
  };
}
