import { ClusterError, type EngineKind, phrase } from '@cluster-ai/contracts';
import type { ResolvedModel } from '../registry/registry.ts';

export const FAKE_MEDIA_TYPE = 'application/vnd.cluster-ai.fake+json';

/** Which inference runtime runs these weights. Throws `unsupported_feature` for formats that are only kept. */
export function chooseEngine({ reference, version, file }: ResolvedModel): EngineKind {
  if (version.facts.format === 'gguf') return 'llama.cpp';
  if (file.mediaType === FAKE_MEDIA_TYPE || file.path.endsWith('.fake.json')) return 'fake';
  throw new ClusterError('unsupported_feature', phrase('format_only_kept', { model: reference, format: version.facts.format }), {
    hint: phrase('only_gguf_is_served'),
    param: 'model',
  });
}
