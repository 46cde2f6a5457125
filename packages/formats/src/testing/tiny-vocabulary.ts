export interface TinyVocabulary {
  readonly tokens: readonly string[];
  readonly scores: readonly number[];
  /** As SentencePiece counts them: 1 normal, 2 unknown, 3 control, 6 byte. */
  readonly types: readonly number[];
}

const SPACE = '▁'; // SentencePiece's way to write a space
const byFrequency = [...'etaoinshrdlucmfwypvbgkjqxz'];

function* listPieces(): Generator<string> {
  yield SPACE;
  for (let code = 33; code < 127; code++) yield String.fromCharCode(code);
  for (const a of byFrequency) yield SPACE + a;
  for (const a of byFrequency) for (const b of byFrequency) yield a + b;
  for (const a of byFrequency) for (const b of byFrequency) yield SPACE + a + b;
  for (const a of byFrequency) for (const b of byFrequency) for (const c of byFrequency) yield a + b + c;
  for (let index = 0; ; index++) yield `${SPACE}f${index}`;
}

/** Control tokens, 256 byte tokens (so that every text round-trips), then characters and common pairs up to `size`. */
export function makeVocabulary(size: number): TinyVocabulary {
  const tokens = ['<unk>', '<s>', '</s>', '<|im_start|>', '<|im_end|>'];
  const scores = [0, 0, 0, 0, 0];
  const types = [2, 3, 3, 3, 3];
  for (let byte = 0; byte < 256; byte++) {
    tokens.push(`<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`);
    scores.push(0);
    types.push(6);
  }
  const known = new Set(tokens);
  for (const piece of listPieces()) {
    if (tokens.length >= size) break;
    if (known.has(piece)) continue;
    known.add(piece);
    tokens.push(piece);
    scores.push(-tokens.length);
    types.push(1);
  }
  return { tokens, scores, types };
}
