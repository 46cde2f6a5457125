import { isAbsolute } from 'node:path';
import { ClusterError, type ImportRequest, type ImportSource, phrase } from '@cluster-ai/contracts';

/**
 * Which source a reference means. One without a host or scheme is a model of Ollama's registry, as its clients write it; `hf.co/…` is a
 * repository there, whoever asks.
 */
export function readSource({ source, reference }: Pick<ImportRequest, 'source' | 'reference'>): ImportSource {
  if (source !== undefined) return source;
  if (isAbsolute(reference)) return 'folder';
  if (reference.startsWith('hf:') || /^(https:\/\/)?(hf\.co|huggingface\.co)\//i.test(reference)) return 'huggingface';
  if (reference.startsWith('oci://')) return 'oci';
  if (/^https?:\/\/.*\.gguf([?#].*)?$/i.test(reference)) return 'url';
  if (/^(?!https?:)[a-z][a-z0-9+.-]*:\/\//i.test(reference))
    throw new ClusterError('invalid_request', phrase('not_a_source', { reference: reference.slice(0, 120) }), {
      hint: phrase('how_sources_are'),
      param: 'reference',
    });
  return 'ollama';
}
