import { closeSync, openSync, writeSync } from 'node:fs';
import { encodeTensor, type TinyType, tinyTypes } from './encode-tensor.ts';
import { createGaussian } from './random-numbers.ts';
import { makeVocabulary } from './tiny-vocabulary.ts';

interface Shape {
  readonly layers: number;
  readonly embd: number;
  readonly ff: number;
  readonly heads: number;
  readonly kvheads: number;
  readonly ctx: number;
  readonly vocab: number;
}

/** Sizes for tests (`tiny` has 3.5 million parameters, `small` 16) and for benchmarks (`mid` has 206). */
export const tinyPresets = {
  tiny: { layers: 4, embd: 256, ff: 704, heads: 8, kvheads: 4, ctx: 2048, vocab: 1024 },
  small: { layers: 8, embd: 384, ff: 1024, heads: 6, kvheads: 2, ctx: 4096, vocab: 4096 },
  mid: { layers: 16, embd: 1024, ff: 2816, heads: 16, kvheads: 8, ctx: 4096, vocab: 8192 },
  big: { layers: 24, embd: 1536, ff: 4096, heads: 16, kvheads: 4, ctx: 8192, vocab: 32000 },
} as const satisfies Record<string, Shape>;
export type TinyPreset = keyof typeof tinyPresets;

export interface TinyGgufOptions extends Partial<Shape> {
  readonly path: string;
  readonly preset?: TinyPreset;
  readonly type?: TinyType;
  readonly seed?: number;
  /** Leaves the control tokens as likely as all others, so that generation ends by itself now and then. */
  readonly mayEnd?: boolean;
}

export interface TinyGguf {
  readonly path: string;
  readonly parameterCount: number;
  readonly sizeBytes: number;
}

interface Tensor {
  readonly name: string;
  readonly dimensions: readonly number[];
  readonly type: TinyType;
  /** The element at an index, where a fresh random number of standard deviation 1 is at hand. */
  readonly element: (index: number, gaussian: () => number) => number;
}

const ALIGNMENT = 32;
const UINT32 = 4;
const INT32 = 5;
const FLOAT32 = 6;
const BOOL = 7;
const STRING = 8;
const ARRAY = 9;
const EOS_TOKEN = 4;
/** `<unk>`, the four control tokens and the 256 byte tokens. */
const SILENT_TOKENS = 261;

const chatTemplate =
  "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\\n' + m['content'] + '<|im_end|>' + '\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function uint64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'utf8');
  return Buffer.concat([uint64(bytes.length), bytes]);
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}

function float32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return bytes;
}

const keyed = (key: string, type: number, value: Buffer) => Buffer.concat([text(key), uint32(type), value]);
const textValue = (key: string, value: string) => keyed(key, STRING, text(value));
const countValue = (key: string, value: number) => keyed(key, UINT32, uint32(value));
const floatValue = (key: string, value: number) => keyed(key, FLOAT32, float32(value));
const boolValue = (key: string, value: boolean) => keyed(key, BOOL, Buffer.from([value ? 1 : 0]));
const arrayValue = (key: string, type: number, values: readonly Buffer[]) =>
  keyed(key, ARRAY, Buffer.concat([uint32(type), uint64(values.length), ...values]));

function listValues(shape: Shape, preset: TinyPreset, type: TinyType): Buffer[] {
  const vocabulary = makeVocabulary(shape.vocab);
  return [
    textValue('general.architecture', 'llama'),
    textValue('general.name', `random-${preset}`),
    countValue('general.file_type', tinyTypes[type].fileType),
    countValue('general.quantization_version', 2),
    countValue('llama.block_count', shape.layers),
    countValue('llama.context_length', shape.ctx),
    countValue('llama.embedding_length', shape.embd),
    countValue('llama.feed_forward_length', shape.ff),
    countValue('llama.attention.head_count', shape.heads),
    countValue('llama.attention.head_count_kv', shape.kvheads),
    floatValue('llama.attention.layer_norm_rms_epsilon', 1e-5),
    countValue('llama.rope.dimension_count', shape.embd / shape.heads),
    floatValue('llama.rope.freq_base', 10_000),
    countValue('llama.vocab_size', shape.vocab),
    textValue('tokenizer.ggml.model', 'llama'),
    textValue('tokenizer.ggml.pre', 'default'),
    arrayValue('tokenizer.ggml.tokens', STRING, vocabulary.tokens.map(text)),
    arrayValue('tokenizer.ggml.scores', FLOAT32, vocabulary.scores.map(float32)),
    arrayValue('tokenizer.ggml.token_type', INT32, vocabulary.types.map(int32)),
    countValue('tokenizer.ggml.bos_token_id', 1),
    countValue('tokenizer.ggml.eos_token_id', EOS_TOKEN),
    countValue('tokenizer.ggml.unknown_token_id', 0),
    countValue('tokenizer.ggml.padding_token_id', 2),
    boolValue('tokenizer.ggml.add_bos_token', true),
    boolValue('tokenizer.ggml.add_eos_token', false),
    textValue('tokenizer.chat_template', chatTemplate),
  ];
}

function listTensors(shape: Shape, type: TinyType, mayEnd: boolean): Tensor[] {
  const { embd, ff, layers, vocab } = shape;
  const keyWidth = shape.kvheads * (embd / shape.heads);
  const spread = 1 / Math.sqrt(embd);
  // rows of silent tokens are 0 (logit 0), so that sampling practically never ends or leaves ASCII
  const silent = mayEnd ? 0 : embd * SILENT_TOKENS;
  const random = (name: string, dimensions: number[], deviation: number, zeros = 0): Tensor => ({
    name,
    dimensions,
    type,
    element: (index, gaussian) => (index < zeros ? 0 : gaussian() * deviation),
  });
  const ones = (name: string): Tensor => ({ name, dimensions: [embd], type: 'F32', element: () => 1 });
  const block = (index: number): Tensor[] => [
    ones(`blk.${index}.attn_norm.weight`),
    random(`blk.${index}.attn_q.weight`, [embd, embd], spread),
    random(`blk.${index}.attn_k.weight`, [embd, keyWidth], spread),
    random(`blk.${index}.attn_v.weight`, [embd, keyWidth], spread),
    random(`blk.${index}.attn_output.weight`, [embd, embd], spread),
    ones(`blk.${index}.ffn_norm.weight`),
    random(`blk.${index}.ffn_gate.weight`, [embd, ff], spread),
    random(`blk.${index}.ffn_up.weight`, [embd, ff], spread),
    random(`blk.${index}.ffn_down.weight`, [ff, embd], 1 / Math.sqrt(ff)),
  ];
  return [
    random('token_embd.weight', [embd, vocab], 1),
    random('output.weight', [embd, vocab], spread * 3, silent),
    ones('output_norm.weight'),
    ...Array.from({ length: layers }, (_, index) => block(index)).flat(),
  ];
}

const countElements = (tensor: Tensor) => tensor.dimensions.reduce((product, dimension) => product * dimension, 1);
const padding = (position: number) => (ALIGNMENT - (position % ALIGNMENT)) % ALIGNMENT;

function toHeader(tensors: readonly Tensor[], values: readonly Buffer[]): Buffer {
  let offset = 0;
  const infos = tensors.map((tensor) => {
    const { id, bytes } = tinyTypes[tensor.type];
    const info = [text(tensor.name), uint32(tensor.dimensions.length), ...tensor.dimensions.map(uint64), uint32(id), uint64(offset)];
    offset += bytes(countElements(tensor));
    offset += padding(offset);
    return Buffer.concat(info);
  });
  const head = Buffer.concat([Buffer.from('GGUF'), uint32(3), uint64(tensors.length), uint64(values.length), ...values, ...infos]);
  return Buffer.concat([head, Buffer.alloc(padding(head.length))]);
}

function writeTensors(fd: number, tensors: readonly Tensor[], gaussian: () => number): void {
  for (const tensor of tensors) {
    let index = 0;
    const bytes = encodeTensor(tensor.type, countElements(tensor), () => tensor.element(index++, gaussian));
    writeSync(fd, bytes);
    writeSync(fd, Buffer.alloc(padding(bytes.length)));
  }
}

/**
 * Writes a small Llama model with random weights: the text is noise, while shapes, metadata, tokenizer and chat template are real.
 * The same options give the same bytes on every machine. Blocks while it works: 0.3 s for `tiny`.
 */
export function makeTinyGguf({ path, preset = 'tiny', type = 'F16', seed = 1, mayEnd = false, ...wishes }: TinyGgufOptions): TinyGguf {
  const shape: Shape = { ...tinyPresets[preset], ...wishes };
  const headWidth = shape.embd / shape.heads;
  if (!Number.isInteger(headWidth) || headWidth % 2 !== 0) throw new RangeError('embd / heads must be an even whole number');
  const tensors = listTensors(shape, type, mayEnd);
  const header = toHeader(tensors, listValues(shape, preset, type));
  const fd = openSync(path, 'w');
  try {
    writeSync(fd, header);
    writeTensors(fd, tensors, createGaussian(seed));
  } finally {
    closeSync(fd);
  }
  const sizes = tensors.map((tensor) => tinyTypes[tensor.type].bytes(countElements(tensor)));
  return {
    path,
    parameterCount: tensors.reduce((sum, tensor) => sum + countElements(tensor), 0),
    sizeBytes: header.length + sizes.reduce((sum, bytes) => sum + bytes + padding(bytes), 0),
  };
}
