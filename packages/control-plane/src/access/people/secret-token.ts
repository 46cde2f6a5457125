import { createHash, randomBytes } from 'node:crypto';

/** 256 bits of chance, as text. */
export const newSecretToken = (): string => randomBytes(32).toString('base64url');

export const isSecretToken = (text: string): boolean => /^[\w-]{43}$/.test(text);

/** What is stored of a token. It is chance already, so that a quick hash is enough: there is nothing to guess. */
export const hashSecret = (token: string): string => createHash('sha256').update(token).digest('hex');
