import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { SealedPlace, SecretBox } from '../secret-box.ts';

/** Seals for real, with a key that goes away with the process. */
export function createMemorySecretBox(): SecretBox {
  const key = randomBytes(32);
  const bind = (purpose: string, { table, column, row }: SealedPlace) => Buffer.from(JSON.stringify([purpose, table, column, row]));
  return {
    async seal(purpose, place, plaintext) {
      const iv = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(bind(purpose, place));
      return Buffer.concat([iv, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
    },
    async open(purpose, place, sealed) {
      const bytes = Buffer.from(sealed);
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12))
        .setAAD(bind(purpose, place))
        .setAuthTag(bytes.subarray(-16));
      return Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]);
    },
  };
}
