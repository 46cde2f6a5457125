import type { ModelFile, ModelVersion } from '@cluster-ai/contracts';
import type { Logger } from '@cluster-ai/runtime';
import { z } from 'zod';
import type { FindBlob } from '../blob-reader.ts';
import { ollamaTypes } from '../imports/sources/ollama-types.ts';

const MOST_BYTES = 4 * 1024 * 1024;
const MOST_KEPT = 256;

export interface PresetMessage {
  readonly role: 'system' | 'user' | 'assistant' | 'tool';
  readonly content: string;
}

/** What came with a model beside its weights, and counts for each request that says nothing else. */
export interface Presets {
  readonly system: string;
  /** In Go's language for templates, as it was stored. It is shown and handed on; the model's own Jinja template is what renders. */
  readonly template: string;
  /** By Ollama's names: `temperature`, `num_ctx`, `stop`, … */
  readonly parameters: Readonly<Record<string, unknown>>;
  /** A conversation that each chat begins with. */
  readonly messages: readonly PresetMessage[];
  readonly licences: readonly string[];
}

const none: Presets = { system: '', template: '', parameters: {}, messages: [], licences: [] };

const parametersShape = z.record(z.string().max(100), z.unknown());
const messagesShape = z
  .array(z.object({ role: z.enum(['system', 'user', 'assistant', 'tool']), content: z.string().default('') }))
  .max(1000);

const kinds = new Set<string>([ollamaTypes.system, ollamaTypes.template, ollamaTypes.params, ollamaTypes.messages, ollamaTypes.license]);
const isPreset = ({ mediaType, sizeBytes }: ModelFile) => kinds.has(mediaType) && sizeBytes <= MOST_BYTES;

export interface ModelPresets {
  /** Read once per version, and kept. What cannot be read counts as not there, and is logged. */
  of(version: ModelVersion): Promise<Presets>;
}

/** Reads the small files of versions. */
export function createPresets({ findBlob, log }: { readonly findBlob: FindBlob; readonly log: Logger }): ModelPresets {
  const kept = new Map<string, Promise<Presets>>();

  async function read({ digest }: ModelFile): Promise<string> {
    const chunks: Buffer[] = [];
    for await (const chunk of (await (await findBlob(digest)).read()) as AsyncIterable<Buffer>) chunks.push(chunk);
    return Buffer.concat(chunks).toString('utf8');
  }

  async function readAll(version: ModelVersion): Promise<Presets> {
    const texts = await Promise.all(version.files.filter(isPreset).map(async (file) => ({ type: file.mediaType, text: await read(file) })));
    const all = (type: string) => texts.filter((entry) => entry.type === type).map(({ text }) => text);
    const [params] = all(ollamaTypes.params);
    const [messages] = all(ollamaTypes.messages);
    return {
      system: all(ollamaTypes.system).join('\n'),
      template: all(ollamaTypes.template).join('\n'),
      parameters: params === undefined ? {} : parametersShape.parse(JSON.parse(params)),
      messages: messages === undefined ? [] : messagesShape.parse(JSON.parse(messages)),
      licences: all(ollamaTypes.license),
    };
  }

  return {
    of(version) {
      if (version.files.length === 1 || !version.files.some(isPreset)) return Promise.resolve(none);
      const known = kept.get(version.manifestDigest);
      if (known !== undefined) return known;
      const reading = readAll(version).catch((error: unknown) => {
        log.warn({ err: error, manifest: version.manifestDigest }, 'What came with a model beside its weights cannot be read');
        kept.delete(version.manifestDigest);
        return none;
      });
      kept.set(version.manifestDigest, reading);
      const [oldest] = kept.keys();
      if (kept.size > MOST_KEPT && oldest !== undefined) kept.delete(oldest);
      return reading;
    },
  };
}
