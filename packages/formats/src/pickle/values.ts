/** What the walker knows of an object that a pickle would build: only what names, shapes and calls are made of. */
export type Value =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'number'; readonly value: number | bigint }
  | { readonly kind: 'tuple'; readonly items: readonly Value[] }
  | { readonly kind: 'global'; readonly name: string }
  /** A storage of PyTorch: so many elements, under a key. */
  | { readonly kind: 'storage'; readonly key: string; readonly elements: number; readonly elementBytes: number }
  /** Something of no interest: containers, what was made by a call, long texts. */
  | { readonly kind: 'other' };

export const OTHER: Value = { kind: 'other' };

const simpleEscapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', a: '\x07', b: '\b', f: '\f', v: '\v', '\n': '' };

/** What stands between the quotes of a STRING, as Python reads it. */
export function fromPythonLiteral(line: string): string {
  const inside = line.trim().slice(1, -1);
  return inside.replace(/\\(x[0-9a-fA-F]{2}|[0-7]{1,3}|[\s\S])/g, (_all, written: string) => {
    if (written.length > 1 && written.startsWith('x')) return String.fromCharCode(Number.parseInt(written.slice(1), 16));
    if (/^[0-7]/.test(written)) return String.fromCharCode(Number.parseInt(written, 8) & 255);
    return simpleEscapes[written] ?? (/[\\'"]/.test(written) ? written : `\\${written}`);
  });
}

/** What a UNICODE says: `raw-unicode-escape` in Python's words. */
export function fromRawUnicode(line: string): string {
  return line.replace(/\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))/g, (all, short?: string, long?: string) => {
    const code = Number.parseInt(short ?? long ?? '', 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : all;
  });
}

/** A whole number, written as the protocols 0 (decimal) do. */
export function fromDecimal(line: string): Value {
  const digits = line.trim().replace(/L$/, '');
  if (!/^[+-]?\d{1,400}$/.test(digits)) return OTHER;
  const value = Number(digits);
  return { kind: 'number', value: Number.isSafeInteger(value) ? value : BigInt(digits) };
}

const MAX_LONG_BYTES = 64;

/** A whole number as the bytes of a LONG1 or LONG4: little-endian, two's complement. Far too long ones are of no interest. */
export function fromLongBytes(bytes: Buffer): Value {
  if (bytes.length > MAX_LONG_BYTES) return OTHER;
  const magnitude = bytes.length === 0 ? 0n : BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);
  const value = BigInt.asIntN(bytes.length * 8, magnitude);
  const small = Number(value);
  return { kind: 'number', value: Number.isSafeInteger(small) ? small : value };
}
