import { type ModelFacts, type ModelVersion, parseModelReference } from '@cluster-ai/contracts';
import { type ModelGrants, mayUseModel } from '../../access/model-grants.ts';
import type { Gateway, RunningModel } from '../../gateway/gateway.ts';
import { toOllamaName } from '../../registry/imports/sources/ollama-name.ts';
import type { Presets } from '../../registry/presets/presets.ts';
import type { ModelRecord, Registry, ResolvedModel } from '../../registry/registry.ts';

/** Ollama names a digest without its algorithm. */
const toDigest = ({ manifestDigest }: ModelVersion) => manifestDigest.replace(/^sha256:/, '');

function toDetails({ format, family, parameterSize, quantization }: ModelFacts) {
  return {
    parent_model: '',
    format,
    family: family ?? '',
    families: family === null ? [] : [family],
    parameter_size: parameterSize ?? '',
    quantization_level: quantization ?? '',
  };
}

/**
 * Ollama has one word, `completion`, for what we call completion and chat. `embedding` names models that only embed: clients hide those
 * from their lists of chat models.
 */
function toCapabilities({ capabilities }: ModelFacts): readonly string[] {
  const isWriter = capabilities.includes('completion') || capabilities.includes('chat');
  const tools = capabilities.includes('tools') ? ['tools'] : [];
  return isWriter ? ['completion', ...tools] : capabilities;
}

function toTag(record: ModelRecord, alias: string, version: ModelVersion) {
  const name = `${toOllamaName(record.name)}:${alias}`;
  return {
    name,
    model: name,
    modified_at: record.updatedAt,
    size: version.sizeBytes,
    digest: toDigest(version),
    details: toDetails(version.facts),
    capabilities: toCapabilities(version.facts),
  };
}

async function tagsOf(record: ModelRecord, registry: Pick<Registry, 'find'>) {
  const others = record.aliases.filter(({ alias }) => alias !== 'latest');
  const found = await Promise.all(others.map(({ alias }) => registry.find(`${record.name}:${alias}`)));
  return [
    toTag(record, 'latest', record.latest),
    ...others.flatMap(({ alias }, index) => {
      const version = found[index]?.version;
      return version === undefined ? [] : [toTag(record, alias, version)];
    }),
  ];
}

/** `GET /api/tags`: every alias, always with its tag. Of very many models the first thousand: more are found by search. */
export async function listTags(registry: Pick<Registry, 'list' | 'find'>, caller?: ModelGrants) {
  const records = (await registry.list()).filter(({ name }) => caller === undefined || mayUseModel(caller, name));
  const tags = await Promise.all(records.map((record) => tagsOf(record, registry)));
  return { models: tags.flat() };
}

// what Ollama's own server says, in effect, for a model that stays
const FOR_EVER = '2318-01-01T00:00:00Z';

function toRunning({ model, nodeName, replica, expiresAtMs }: RunningModel) {
  const { name: known, alias } = parseModelReference(model.reference);
  const name = `${toOllamaName(known)}:${alias}`;
  return {
    name,
    model: name,
    size: replica.memoryBytes,
    digest: toDigest(model.version),
    details: toDetails(model.version.facts),
    expires_at: expiresAtMs === undefined ? FOR_EVER : new Date(expiresAtMs).toISOString(),
    size_vram: 0,
    context_length: replica.contextSize ?? 0,
    node: nodeName,
  };
}

/** `GET /api/ps`: one entry per copy, with the node it runs on, which Ollama's own answer has not. */
export function listRunning(gateway: Gateway, caller?: ModelGrants) {
  const visible = gateway.running().filter(({ model }) => caller === undefined || mayUseModel(caller, model.name));
  const loaded = visible.filter(({ replica }) => replica.condition.state === 'ready' || replica.condition.state === 'degraded');
  return { models: loaded.map(toRunning) };
}

function toModelInfo(facts: ModelFacts) {
  const architecture = facts.architecture ?? 'unknown';
  const entries = {
    'general.architecture': architecture,
    'general.parameter_count': facts.parameterCount,
    [`${architecture}.context_length`]: facts.contextLength,
    [`${architecture}.embedding_length`]: facts.embeddingLength,
    [`${architecture}.block_count`]: facts.blockCount,
    [`${architecture}.attention.head_count`]: facts.headCount,
    [`${architecture}.attention.head_count_kv`]: facts.headCountKv,
    [`${architecture}.vocab_size`]: facts.vocabularySize,
  };
  return Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== null));
}

/** One `name value` a line, as in a Modelfile. */
function toParameters({ parameters }: Presets): string {
  const lines = Object.entries(parameters).flatMap(([name, value]) =>
    [value].flat().map((one) => `${name.padEnd(30)} ${typeof one === 'string' ? JSON.stringify(one) : String(one)}`),
  );
  return lines.join('\n');
}

function toModelfile({ reference, version }: ResolvedModel, { template, system, parameters, messages }: Presets): string {
  const shown = template || version.facts.chatTemplate;
  return [
    "# Written by the cluster from what the model's file says",
    `FROM ${reference}`,
    ...(shown ? [`TEMPLATE """${shown}"""`] : []),
    ...(system === '' ? [] : [`SYSTEM """${system}"""`]),
    ...Object.entries(parameters).flatMap(([name, value]) =>
      [value].flat().map((one) => `PARAMETER ${name} ${typeof one === 'string' ? JSON.stringify(one) : String(one)}`),
    ),
    ...messages.map(({ role, content }) => `MESSAGE ${role} """${content}"""`),
    '',
  ].join('\n');
}

/** `POST /api/show`. A stored template is shown; the file's own (Jinja) is what renders. `verbose` changes nothing, since no list was left out. */
export function showModel(model: ResolvedModel, presets: Presets) {
  const { facts, createdAt } = model.version;
  return {
    license: presets.licences.join('\n') || (facts.licence ?? ''),
    modelfile: toModelfile(model, presets),
    parameters: toParameters(presets),
    template: presets.template || facts.chatTemplate || '{{ .Prompt }}',
    ...(presets.system === '' ? {} : { system: presets.system }),
    ...(presets.messages.length === 0 ? {} : { messages: presets.messages }),
    details: toDetails(facts),
    model_info: toModelInfo(facts),
    capabilities: toCapabilities(facts),
    modified_at: createdAt,
  };
}
