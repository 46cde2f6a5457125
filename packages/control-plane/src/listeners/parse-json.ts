import { ClusterError } from '@cluster-ai/contracts';

/** Deeper than any real request, far less than what ends a recursive reader. */
const deepest = 100;
const mostKeys = 50_000;

const quote = 0x22;
const backslash = 0x5c;
const [openBrace, closeBrace, openBracket, closeBracket, colon] = [0x7b, 0x7d, 0x5b, 0x5d, 0x3a];

/** The place after a string that begins at `start`; prompts are long, so the search is left to the buffer. */
function skipString(bytes: Buffer, start: number): number {
  let end = start;
  for (;;) {
    end = bytes.indexOf(quote, end + 1);
    if (end === -1) return bytes.length;
    let slashes = 0;
    while (bytes[end - 1 - slashes] === backslash) slashes++;
    if (slashes % 2 === 0) return end + 1;
  }
}

/** Counts before anything is built, so that what is refused costs nothing. */
function checkSize(bytes: Buffer): void {
  let depth = 0;
  let keys = 0;
  for (let at = 0; at < bytes.length; ) {
    const byte = bytes[at];
    if (byte === quote) {
      at = skipString(bytes, at);
      continue;
    }
    if (byte === openBrace || byte === openBracket) depth++;
    else if (byte === closeBrace || byte === closeBracket) depth--;
    else if (byte === colon) keys++;
    if (depth > deepest) throw new ClusterError('invalid_json', `The body is nested more than ${deepest} levels deep.`);
    if (keys > mostKeys) throw new ClusterError('invalid_json', `The body has more than ${mostKeys} fields.`);
    at++;
  }
}

// as they are written, or with any of their letters as \\u escapes
const suspicious = /__proto__|constructor|\\u00/i;

/** Names that would reach into every object once somebody copies or merges what was parsed. */
function refusePoison(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  const isPoisoned =
    Object.hasOwn(value, '__proto__') ||
    (Object.hasOwn(value, 'constructor') && isWithPrototype((value as { constructor: unknown }).constructor));
  if (isPoisoned)
    throw new ClusterError('invalid_json', 'The body has a field "__proto__" or "constructor.prototype", which no request needs.');
  for (const entry of Object.values(value)) refusePoison(entry);
}

const isWithPrototype = (value: unknown) => typeof value === 'object' && value !== null && Object.hasOwn(value, 'prototype');

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const where = /position \d+(?: \(line \d+ column \d+\))?/.exec(String(error))?.[0];
    throw new ClusterError('invalid_json', `The body is not valid JSON${where === undefined ? '' : ` at ${where}`}.`, { cause: error });
  }
}

/** The value in a request's body. Throws `invalid_json` for what is empty, broken, too deep, too large, or made to poison prototypes. */
export function parseJson(bytes: Buffer): unknown {
  checkSize(bytes);
  const text = bytes.toString('utf8');
  if (text.trim() === '') throw new ClusterError('invalid_json', 'The body is empty.', { hint: 'Send a JSON object.' });
  const value = parse(text);
  if (suspicious.test(text)) refusePoison(value);
  return value;
}
