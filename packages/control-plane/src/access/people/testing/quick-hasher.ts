import { createHash, randomBytes } from 'node:crypto';
import { argon2Parameters } from '../passwords/argon2-parameters.ts';
import type { PasswordHasher } from '../passwords/password-hasher.ts';

const toText = (bytes: Buffer) => bytes.toString('base64').replaceAll('=', '');

/**
 * Hashes at no cost, in the notation of today's argon2, so that tests with many people do not spend their time on what `passwords.test.ts`
 * tests. Nobody can sign in with what the real one hashed, nor the other way round.
 */
export function createQuickHasher(): PasswordHasher {
  const { memoryCost, timeCost, parallelism } = argon2Parameters;
  const toHash = (salt: string, password: string) =>
    `$argon2id$v=19$m=${memoryCost},t=${timeCost},p=${parallelism}$${salt}$${toText(createHash('sha256').update(salt).update(password).digest())}`;
  return {
    hash: async (password) => toHash(toText(randomBytes(16)), password),
    verify: async (hash, password) => toHash(hash.split('$').at(-2) ?? '', password) === hash,
    [Symbol.asyncDispose]: async () => {},
  };
}
