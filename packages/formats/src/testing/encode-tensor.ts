/** How the types that we write are stored: ggml's number, llama.cpp's file type, bytes for so many elements. */
export const tinyTypes = {
  F32: { id: 0, fileType: 0, bytes: (elements: number) => elements * 4 },
  F16: { id: 1, fileType: 1, bytes: (elements: number) => elements * 2 },
  Q8_0: { id: 8, fileType: 7, bytes: (elements: number) => (elements / 32) * 34 },
} as const;
export type TinyType = keyof typeof tinyTypes;

const BLOCK = 32;
const BLOCK_BYTES = 34;
const asFloat = new Float32Array(1);
const asBits = new Int32Array(asFloat.buffer);

/** The nearest half-precision number, ties to even, as bits. */
function toHalf(value: number): number {
  asFloat[0] = value;
  const bits = asBits[0] ?? 0;
  const sign = (bits >>> 16) & 0x8000;
  const exponent = ((bits >>> 23) & 255) - 112;
  const fraction = bits & 0x7fffff;
  if (exponent >= 31) return sign | 0x7c00;
  if (exponent > 0) return sign | (((exponent << 23) + fraction + 0xfff + ((fraction >> 13) & 1)) >> 13);
  if (exponent < -10) return sign;
  const shifted = (fraction | 0x800000) >> (1 - exponent);
  return sign | ((shifted + 0xfff + ((shifted >> 13) & 1)) >> 13);
}

function encodeQ8(elements: number, next: () => number): Buffer {
  const bytes = Buffer.alloc((elements / BLOCK) * BLOCK_BYTES);
  const block = new Float32Array(BLOCK);
  for (let offset = 0; offset < bytes.length; offset += BLOCK_BYTES) {
    for (let index = 0; index < BLOCK; index++) block[index] = next();
    const scale = block.reduce((most, value) => Math.max(most, Math.abs(value)), 0) / 127;
    const inverse = scale ? 1 / scale : 0;
    bytes.writeUInt16LE(toHalf(scale), offset);
    for (const [index, value] of block.entries()) bytes.writeInt8(Math.round(value * inverse), offset + 2 + index);
  }
  return bytes;
}

/** So many elements, one after the other, in ggml's layout. */
export function encodeTensor(type: TinyType, elements: number, next: () => number): Buffer {
  if (type === 'Q8_0') return encodeQ8(elements, next);
  const numbers = type === 'F32' ? new Float32Array(elements) : new Uint16Array(elements);
  for (let index = 0; index < elements; index++) numbers[index] = type === 'F32' ? next() : toHalf(next());
  return Buffer.from(numbers.buffer);
}
