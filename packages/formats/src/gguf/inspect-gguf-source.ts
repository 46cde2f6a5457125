import type { ModelFacts } from '@cluster-ai/contracts';
import { type Inspecting, type Report, toDetail } from '../inspection/report.ts';
import { checkTemplate } from '../jinja/check-template.ts';
import type { ByteSource } from '../source/byte-source.ts';
import { BoundedReader, HeaderProblem, ImpossibleClaim } from './bounded-reader.ts';
import { type GgufHeader, readHeader, TEMPLATE_KEY } from './read-header.ts';
import { toFacts } from './to-facts.ts';

const MAGIC = 'GGUF';

export const looksLikeGguf = (source: ByteSource): boolean =>
  source.sizeBytes >= MAGIC.length && source.read(0, MAGIC.length).toString('latin1') === MAGIC;

/** The reader of headers asks as one asks a file handle. */
const toHandle = (source: ByteSource) => ({
  read: async (target: Buffer, at: number, length: number, position: number) => {
    const bytesRead = Math.max(0, Math.min(length, source.sizeBytes - position));
    source.read(position, bytesRead).copy(target, at);
    return { bytesRead };
  },
});

const factNames = [
  'quantization',
  'contextLength',
  'embeddingLength',
  'blockCount',
  'headCount',
  'vocabularySize',
  'licence',
  'description',
] as const;

function toMetadata(header: GgufHeader, facts: ModelFacts): Report['metadata'] {
  const known = factNames.flatMap((name) => {
    const value = facts[name];
    return value === null ? [] : [[name, typeof value === 'string' ? toDetail(value) : value]];
  });
  const type = header.values.get('general.type');
  return {
    version: header.version,
    architecture: facts.architecture === null ? null : toDetail(facts.architecture),
    ...(typeof type === 'string' && { type: toDetail(type) }),
    ...Object.fromEntries(known),
    tensors: header.tensors.length,
    hasChatTemplate: facts.chatTemplate !== null,
  };
}

function checkTemplates({ values }: GgufHeader, { find, budget }: Inspecting): void {
  for (const [key, value] of values) {
    if (!key.startsWith(TEMPLATE_KEY) || typeof value !== 'string') continue;
    budget.spend('steps', value.length);
    for (const { code, detail } of checkTemplate(value)) find(code, detail);
  }
}

/** Reads a GGUF header. Parts that are no model by themselves (adapters, vocabularies, one of several parts) are well too. */
export async function inspectGgufSource(source: ByteSource, inspecting: Inspecting): Promise<Report> {
  try {
    const header = await readHeader(new BoundedReader(toHandle(source), source.sizeBytes));
    inspecting.budget.spend('steps', header.values.size + header.tensors.length);
    checkTemplates(header, inspecting);
    const architecture = header.values.get('general.architecture');
    const facts = toFacts(header, typeof architecture === 'string' ? architecture : '');
    return { format: 'gguf', framework: 'gguf', parameterCount: facts.parameterCount, metadata: toMetadata(header, facts) };
  } catch (error) {
    if (!(error instanceof HeaderProblem)) throw error;
    inspecting.find(error instanceof ImpossibleClaim ? 'impossible_claim' : 'broken_structure', error.message);
    return { format: 'gguf', framework: 'gguf', parameterCount: null, metadata: {} };
  }
}
