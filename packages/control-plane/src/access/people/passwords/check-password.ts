import { ClusterError } from '@cluster-ai/contracts';
import { commonWords } from './common-words.ts';

const LEAST_LENGTH = 12;
const MOST_LENGTH = 1024;
const rows = ['abcdefghijklmnopqrstuvwxyz', '01234567890123456789', 'qwertyuiopasdfghjklzxcvbnm', 'qwertzuiopasdfghjklyxcvbnm'];

/** One form for what looks the same however it was typed. A password is hashed and compared in this form only. */
export const normalizePassword = (password: string): string => password.normalize('NFKC');

const lengthOf = (text: string) => [...text].length;
const isRepetition = (text: string) => /^(.{1,6})\1+.{0,5}$/u.test(text);
const isRow = (text: string) => rows.some((row) => row.includes(text) || [...row].reverse().join('').includes(text));

/** Without what people add to a common word to satisfy a rule: digits and signs at its ends, and digits for letters within. */
function coreOf(text: string): string {
  const swaps: Readonly<Record<string, string>> = {
    '0': 'o',
    '1': 'i',
    '3': 'e',
    '4': 'a',
    '5': 's',
    '7': 't',
    '@': 'a',
    $: 's',
    '!': 'i',
  };
  return text
    .replace(/^[^\p{L}]+|[^\p{L}]+$/gu, '')
    .replace(/[013457@$!]/g, (sign) => swaps[sign] ?? sign)
    .replace(/[^\p{L}]/gu, '');
}

/** What makes it easy to guess; `undefined` for a good one. */
function findWeakness(text: string, loginName: string): string | undefined {
  const core = coreOf(text);
  if (isRepetition(text) || isRow(text)) return 'It repeats itself or follows a row of keys.';
  if (commonWords.has(core) || /^\d+$/.test(text)) return 'It is one of the most used ones.';
  if (core === coreOf(loginName)) return 'It is the name that you sign in with.';
  return undefined;
}

/**
 * Judges a password that is about to be set, and gives the form in which it is stored. Throws `invalid_request` when it is too short, too long
 * or easy to guess. There is no rule about kinds of characters: they make passwords hard to remember and not hard to guess.
 */
export function checkNewPassword(password: string, loginName: string): string {
  if (password.length > MOST_LENGTH) throw refuse(`A password has at most ${MOST_LENGTH} characters.`);
  const normal = normalizePassword(password);
  if (lengthOf(normal) < LEAST_LENGTH) throw refuse(`A password has at least ${LEAST_LENGTH} characters.`);
  const weakness = findWeakness(normal.toLowerCase(), loginName);
  if (weakness !== undefined) throw refuse(`This password is easy to guess. ${weakness}`);
  return normal;
}

const refuse = (message: string) =>
  new ClusterError('invalid_request', message, {
    param: 'password',
    hint: 'Four words that have nothing to do with each other are a good one.',
  });
