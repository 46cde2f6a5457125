import { ClusterError, type EngineKind } from '@cluster-ai/contracts';
import type { ResolvedModel } from '../registry/registry.ts';

export const FAKE_MEDIA_TYPE = 'application/vnd.cluster-ai.fake+json';

/** Which inference runtime runs these weights. Throws `unsupported_feature` for formats that are only kept. */
export function chooseEngine({ reference, version, file }: ResolvedModel): EngineKind {
  if (version.facts.format === 'gguf') return 'llama.cpp';
  if (file.mediaType === FAKE_MEDIA_TYPE || file.path.endsWith('.fake.json')) return 'fake';
  throw new ClusterError(
    'unsupported_feature',
    `${reference} is a model in the format "${version.facts.format}", which no engine here can serve.`,
    {
      hint: 'Only GGUF files can be served now. Other formats are kept and handed out.',
      param: 'model',
    },
  );
}
