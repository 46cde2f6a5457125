import type { Capability, ModelFacts } from '@cluster-ai/contracts';
import type { GgufHeader, GgufTensor, GgufValue } from './read-header.ts';
import { fileTypes } from './tensor-types.ts';

const BILLION = 1_000_000_000;
const MILLION = 1_000_000;
const THOUSAND = 1000;

/** Models that only read: they turn text into a vector and generate nothing. */
const encoderArchitectures = new Set([
  'bert',
  'eurobert',
  'gemma-embedding',
  'jina-bert-v2',
  'jina-bert-v3',
  'modern-bert',
  'neo-bert',
  'nomic-bert',
  'nomic-bert-moe',
]);

/** A count of parameters as Ollama writes it: "3.2B", "22.57M", "137M". */
export function toParameterSize(count: number): string {
  if (count >= BILLION) return `${(count / BILLION).toFixed(count % BILLION === 0 ? 0 : 1)}B`;
  if (count >= MILLION) return `${(count / MILLION).toFixed(count % MILLION === 0 ? 0 : 2)}M`;
  if (count >= THOUSAND) return `${(count / THOUSAND).toFixed(0)}K`;
  return String(count);
}

const sumElements = (tensors: readonly GgufTensor[]) => tensors.reduce((sum, tensor) => sum + tensor.elements, 0);

/** What `general.file_type` says, else the type that holds most of the elements. */
function findQuantization({ values, tensors }: GgufHeader): string | null {
  const named = fileTypes.get(Number(values.get('general.file_type')));
  if (named) return named;
  const byType = Map.groupBy(tensors, (tensor) => tensor.type.name);
  const [largest] = [...byType].sort(([, a], [, b]) => sumElements(b) - sumElements(a));
  return largest?.[0] ?? null;
}

/** A file that says how its vectors are pooled was made for embedding, whatever its architecture. */
function findCapabilities(architecture: string, pooling: GgufValue | undefined, template: string | null): Capability[] {
  const isEncoder = encoderArchitectures.has(architecture) || (typeof pooling === 'number' && pooling > 0);
  if (isEncoder) return ['embedding'];
  const hasTools = template !== null && /\btools\b/.test(template);
  return ['completion', ...(template === null ? [] : (['chat'] as const)), ...(hasTools ? (['tools'] as const) : []), 'embedding'];
}

const toText = (value: GgufValue | undefined) => (typeof value === 'string' && value !== '' ? value : null);

/** Some families give one number per block; the largest stands for them. */
function toCount(value: GgufValue | undefined): number | null {
  const number = typeof value === 'object' ? Math.max(0, ...(value.numbers ?? [])) : value;
  return typeof number === 'number' && Number.isSafeInteger(number) && number >= 0 ? number : null;
}

function countVocabulary(values: ReadonlyMap<string, GgufValue>, architecture: string): number | null {
  const tokens = values.get('tokenizer.ggml.tokens');
  return typeof tokens === 'object' ? tokens.length : toCount(values.get(`${architecture}.vocab_size`));
}

/** What a checked header says, in the registry's words. */
export function toFacts(header: GgufHeader, architecture: string): ModelFacts {
  const own = (name: string) => header.values.get(`${architecture}.${name}`);
  const general = (name: string) => toText(header.values.get(`general.${name}`));
  const parameterCount = sumElements(header.tensors);
  const chatTemplate = toText(header.values.get('tokenizer.chat_template'));
  return {
    format: 'gguf',
    architecture,
    family: architecture,
    parameterCount,
    parameterSize: toParameterSize(parameterCount),
    quantization: findQuantization(header),
    contextLength: toCount(own('context_length')),
    embeddingLength: toCount(own('embedding_length')),
    blockCount: toCount(own('block_count')),
    headCount: toCount(own('attention.head_count')),
    headCountKv: toCount(own('attention.head_count_kv')),
    vocabularySize: countVocabulary(header.values, architecture),
    chatTemplate,
    licence: general('license.name') ?? general('license'),
    description: general('description') ?? general('name'),
    capabilities: findCapabilities(architecture, own('pooling_type'), chatTemplate),
  };
}
