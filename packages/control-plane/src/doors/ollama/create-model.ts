import { ClusterError, phrase } from '@cluster-ai/contracts';
import type { Composition, TextLayer } from '../../registry/imports/compose-model.ts';
import { parseOllamaName, toLocalName } from '../../registry/imports/sources/ollama-name.ts';
import { ollamaTypes } from '../../registry/imports/sources/ollama-types.ts';
import type { Presets } from '../../registry/presets/presets.ts';
import type { CreateRequest } from './change-shapes.ts';

const refuse = (param: string, what: Parameters<typeof phrase>[0], hint: Parameters<typeof phrase>[0]) =>
  new ClusterError('unsupported_feature', phrase(what as 'quantize_elsewhere'), { hint: phrase(hint as 'quantize_first'), param });

/** What cannot be made here is said before anything is done. */
export function refuseInCreate({ adapters, quantize, quantization, modelfile, from, files }: CreateRequest): void {
  if (quantize || quantization) throw refuse('quantize', 'quantize_elsewhere', 'quantize_first');
  if (adapters && Object.keys(adapters).length > 0) throw refuse('adapters', 'adapters_not_supported', 'only_gguf_is_made');
  const names = Object.keys(files ?? {});
  if (names.length > 1 || names.some((name) => /\.(safetensors|bin|pt|pth)$/i.test(name)))
    throw refuse('files', 'only_gguf_is_made', 'quantize_first');
  if (!from && names.length === 0)
    throw new ClusterError('invalid_request', 'neither "from" or "files" was specified', {
      ...(modelfile ? { hint: 'Send the fields of a Modelfile one by one, as current clients do.' } : {}),
      param: 'from',
    });
}

/** Ollama's own names for roles, kept as the layer of messages. */
const toMessages = (messages: NonNullable<CreateRequest['messages']>) =>
  JSON.stringify(messages.map(({ role, content }) => ({ role, content })));

function toLayers({ template, system, license, parameters, messages }: CreateRequest, before: Presets | undefined): readonly TextLayer[] {
  const layers: TextLayer[] = [];
  const add = (path: string, mediaType: string, text: string) => layers.push({ path, mediaType, text });
  if (template) add('template', ollamaTypes.template, template);
  if (system) add('system', ollamaTypes.system, system);
  for (const [at, text] of [license ?? []].flat().entries())
    if (text !== '') add(at === 0 ? 'license' : `license-${at + 1}`, ollamaTypes.license, text);
  if (parameters && Object.keys(parameters).length > 0)
    add('params.json', ollamaTypes.params, JSON.stringify({ ...before?.parameters, ...parameters }));
  if (messages && messages.length > 0) add('messages.json', ollamaTypes.messages, toMessages(messages));
  return layers;
}

/** What a request to create a model asks for; `base` is the model that `from` names. */
export function toComposition(
  asked: string,
  given: CreateRequest,
  base: Composition['base'],
  presets: Presets | undefined,
): Omit<Composition, 'actor'> {
  const name = parseOllamaName(asked);
  return {
    name: toLocalName(name),
    alias: name.tag,
    base,
    layers: toLayers(given, presets),
    source: 'weights' in base ? 'a file that was sent' : base.reference,
  };
}
