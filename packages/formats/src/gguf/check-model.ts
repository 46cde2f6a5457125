import { phrase } from '@cluster-ai/contracts';
import { HeaderProblem } from './bounded-reader.ts';
import type { GgufHeader, GgufValue } from './read-header.ts';

/** `0xffffffff` is how converters write "there is none". */
const NO_TOKEN = 0xffffffff;

function requireCount(values: ReadonlyMap<string, GgufValue>, key: string): number {
  const value = values.get(key);
  if (value === undefined) throw new HeaderProblem(`does not say '${key}', which every model says`);
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1)
    throw new HeaderProblem(`has a '${key}' that is not a whole number of at least 1`);
  return value;
}

function requireWholeModel({ values, tensors }: GgufHeader): void {
  const type = values.get('general.type');
  if (type !== undefined && type !== 'model')
    throw new HeaderProblem(`is not a model but a part for one ('general.type' is '${String(type)}')`);
  if (values.get('general.architecture') === 'clip') throw new HeaderProblem(phrase('gguf_is_image_part'));
  const parts = values.get('split.count');
  if (typeof parts === 'number' && parts > 1) throw new HeaderProblem(phrase('gguf_is_one_of_parts', { parts }));
  if (tensors.length === 0) throw new HeaderProblem(phrase('gguf_has_no_weights'));
}

/** A head count of 0 ends llama.cpp by an assertion. State-space models write 0 on purpose; they have no attention. */
function checkHeads({ values, tensors }: GgufHeader, architecture: string): void {
  const hasAttention = tensors.some((tensor) => /^blk\.\d+\.attn_(q|qkv)\.weight$/.test(tensor.name));
  for (const key of [`${architecture}.attention.head_count`, `${architecture}.attention.head_count_kv`])
    if (hasAttention && typeof values.get(key) === 'number') requireCount(values, key);
}

function checkBlocks({ tensors }: GgufHeader, architecture: string, blockCount: number): void {
  const present = new Set(tensors.flatMap(({ name }) => /^blk\.(\d+)\./.exec(name)?.[1] ?? []).map(Number));
  const highest = Math.max(-1, ...present);
  if (highest >= blockCount) throw new HeaderProblem(`has weights of block ${highest}, but says that it has ${blockCount} blocks`);
  // other families leave blocks out on purpose
  if (architecture === 'llama' && present.size < blockCount)
    throw new HeaderProblem(`says that it has ${blockCount} blocks, but has weights of ${present.size}`);
}

function checkTokens(values: ReadonlyMap<string, GgufValue>): void {
  const tokens = values.get('tokenizer.ggml.tokens');
  if (typeof tokens !== 'object') return;
  for (const name of ['bos', 'eos']) {
    const id = values.get(`tokenizer.ggml.${name}_token_id`);
    if (typeof id === 'number' && id !== NO_TOKEN && id >= tokens.length)
      throw new HeaderProblem(`names token ${id} as '${name}', but has ${tokens.length} tokens`);
  }
}

/** Whether the header describes a model that hangs together. Returns its architecture. Throws HeaderProblem. */
export function checkModel(header: GgufHeader): string {
  const architecture = header.values.get('general.architecture');
  if (typeof architecture !== 'string' || !/^[A-Za-z0-9_.-]{1,64}$/.test(architecture))
    throw new HeaderProblem("does not say 'general.architecture', so nobody knows how to run it");
  requireWholeModel(header);
  requireCount(header.values, `${architecture}.context_length`);
  requireCount(header.values, `${architecture}.embedding_length`);
  checkBlocks(header, architecture, requireCount(header.values, `${architecture}.block_count`));
  checkHeads(header, architecture);
  checkTokens(header.values);
  return architecture;
}
