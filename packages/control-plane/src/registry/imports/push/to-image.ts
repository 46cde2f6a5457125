import { ClusterError, type ModelVersion, phrase } from '@cluster-ai/contracts';
import { fileTypes } from '../plan.ts';
import { ollamaTypes } from '../sources/ollama-types.ts';
import { digestOf } from '../sources/read-json.ts';

/** Bytes that a registry is to have: of a blob of ours, or made for it. */
export interface ImageBlob {
  readonly mediaType: string;
  readonly digest: string;
  readonly sizeBytes: number;
  readonly bytes?: Buffer;
}

export interface OllamaImage {
  readonly blobs: readonly ImageBlob[];
  readonly manifest: Buffer;
}

const ownTypes = new Set<string>(Object.values(ollamaTypes));

/** What Ollama keeps of a model beside its layers. */
function makeConfig({ facts }: ModelVersion, layers: readonly ImageBlob[]): ImageBlob {
  const config = {
    model_format: 'gguf',
    model_family: facts.family ?? '',
    model_families: facts.family === null ? [] : [facts.family],
    model_type: facts.parameterSize ?? '',
    file_type: facts.quantization ?? '',
    architecture: 'amd64',
    os: 'linux',
    rootfs: { type: 'layers', diff_ids: layers.map(({ digest }) => digest) },
  };
  const bytes = Buffer.from(JSON.stringify(config));
  return { mediaType: ollamaTypes.config, digest: digestOf(bytes), sizeBytes: bytes.length, bytes };
}

const toDescriptor = ({ mediaType, digest, sizeBytes }: ImageBlob) => ({ mediaType, digest, size: sizeBytes });

/** A version as Ollama's registries keep it. Throws `unsupported_feature` for what is no GGUF model. */
export function toOllamaImage(reference: string, version: ModelVersion): OllamaImage {
  const blobs: ImageBlob[] = version.files.flatMap(({ mediaType, digest, sizeBytes }) => {
    const type = mediaType === fileTypes.gguf ? ollamaTypes.model : mediaType;
    return ownTypes.has(type) ? [{ mediaType: type, digest, sizeBytes }] : [];
  });
  const config = blobs.find(({ mediaType }) => mediaType === ollamaTypes.config);
  const layers = blobs.filter(({ mediaType }) => mediaType !== ollamaTypes.config);
  if (!layers.some(({ mediaType }) => mediaType === ollamaTypes.model))
    throw new ClusterError('unsupported_feature', phrase('only_gguf_is_pushed', { model: reference }), { param: 'model' });
  const stored = config ?? makeConfig(version, layers);
  const manifest = { schemaVersion: 2, mediaType: ollamaTypes.manifest, config: toDescriptor(stored), layers: layers.map(toDescriptor) };
  return { blobs: [...layers, stored], manifest: Buffer.from(JSON.stringify(manifest)) };
}
