import { ClusterError, phrase } from '@cluster-ai/contracts';
import { fileTypes, type ImportPlan, type PlannedFile, type Source } from '../plan.ts';
import { toSafePath } from '../safe-path.ts';
import { mediaTypeOf } from './choose-files.ts';
import { checkTotal, type Descriptor, type ImageManifest, indexShape, manifestShape, manifestTypes } from './manifest.ts';
import { createOllamaNamer, type RegistrySourceDependencies, toBlobFile } from './ollama.ts';
import { ollamaTypes } from './ollama-types.ts';
import { digestOf, readJson } from './read-json.ts';
import { createRegistrySession, type RegistrySession } from './registry-session.ts';
import { refused } from './remote-errors.ts';
import { toModelName } from './to-model-name.ts';

const host = '[A-Za-z0-9][A-Za-z0-9.-]{0,120}(?::\\d{1,5})?';
const path = '[a-z0-9]+(?:[._-]+[a-z0-9]+)*';
const referencePattern = new RegExp(
  `^(?:oci://)?(${host})/(${path}(?:/${path}){0,6})(?::([A-Za-z0-9_][A-Za-z0-9._-]{0,127}))?(?:@(sha256:[0-9a-f]{64}))?$`,
);

interface Place {
  readonly host: string;
  readonly repository: string;
  readonly tag: string;
  readonly digest: string | undefined;
}

function parseReference(text: string): Place {
  const found = text.length > 512 ? null : referencePattern.exec(text);
  if (found === null)
    throw new ClusterError('invalid_request', phrase('not_an_image', { reference: text.slice(0, 120) }), {
      hint: phrase('how_images_are'),
      param: 'reference',
    });
  const [, where = '', repository = '', tag = 'latest', digest] = found;
  return { host: where, repository, tag, digest };
}

/** What ModelPack and Docker call their layers. */
const weights = /^application\/vnd\.cncf\.model\.weight\.v1\.raw$/;
const gguf = /^application\/vnd\.docker\.ai\.gguf\.v\d$/;
const packed = /^application\/vnd\.(cncf\.model|kitops\.modelkit|docker\.ai)\..*[.+](tar|gzip|zstd)/;
const described = /^application\/vnd\.cncf\.model\.(doc|code|dataset|weight\.config)\.v1\.raw$/;
const licence = /^application\/vnd\.docker\.ai\.(license|model\.license)/;

/** The path that a layer says it has; `model.gguf` for the one of Docker, which has none. */
function nameLayer({ mediaType, annotations, digest }: Descriptor): Pick<PlannedFile, 'path' | 'mediaType'> {
  const said = annotations?.['org.cncf.model.filepath'] ?? annotations?.['org.opencontainers.image.title'];
  if (gguf.test(mediaType)) return { path: 'model.gguf', mediaType: fileTypes.gguf };
  if (licence.test(mediaType)) return { path: 'license', mediaType: ollamaTypes.license };
  const safe = toSafePath(said ?? digest.slice('sha256:'.length, 'sha256:'.length + 12));
  return { path: safe, mediaType: mediaTypeOf(safe) };
}

function toFiles(session: RegistrySession, origin: string, repository: string, { layers, config }: ImageManifest): readonly PlannedFile[] {
  const toFile = (layer: Descriptor, naming: Pick<PlannedFile, 'path' | 'mediaType'>) =>
    toBlobFile(session, origin, repository, layer, naming);
  if (layers.some(({ mediaType }) => mediaType === ollamaTypes.model)) {
    const toNaming = createOllamaNamer(session.host);
    return [...layers, config].map((layer) => toFile(layer, toNaming(layer)));
  }
  const inTar = layers.find(({ mediaType }) => packed.test(mediaType));
  if (inTar !== undefined)
    throw new ClusterError('unsupported_feature', phrase('layers_are_packed', { mediaType: inTar.mediaType }), {
      hint: phrase('push_raw_layers'),
    });
  const kept = layers.filter(({ mediaType }) => [weights, gguf, described, licence].some((kind) => kind.test(mediaType)));
  if (!kept.some(({ mediaType }) => weights.test(mediaType) || gguf.test(mediaType)))
    throw refused(session.host, 'an image that is no model');
  return kept.map((layer) => toFile(layer, nameLayer(layer)));
}

/** Models in any OCI registry: as ModelPack, Docker or Ollama lay them out. */
export function createOciSource({ client, credentialFor, originOf, maxGiB }: RegistrySourceDependencies): Source {
  async function readManifest(
    session: RegistrySession,
    repository: string,
    reference: string,
    signal: AbortSignal,
  ): Promise<ImageManifest> {
    const answer = await session.getWhole(`manifests/${reference}`, manifestTypes, `${repository}:${reference}`, signal);
    if (reference.startsWith('sha256:') && digestOf(answer.body) !== reference)
      throw refused(session.host, 'another manifest than the digest names');
    const index = indexShape.safeParse(readJson(answer.body, indexShape.or(manifestShape), session.host, 'manifest'));
    if (!index.success) return readJson(answer.body, manifestShape, session.host, 'manifest');
    if (reference.startsWith('sha256:')) throw refused(session.host, 'lists within lists');
    const [first] = index.data.manifests;
    return readManifest(session, repository, first?.digest ?? '', signal);
  }

  return {
    async resolve({ reference }, signal): Promise<ImportPlan> {
      const place = parseReference(reference);
      const { repository, tag, digest } = place;
      const origin = originOf(place.host);
      const session = createRegistrySession({ client, credentialFor }, { origin, repository, realms: 'any', scope: 'pull' });
      const manifest = await readManifest(session, repository, digest ?? tag, signal);
      checkTotal([...manifest.layers, manifest.config], maxGiB, session.host);
      return {
        files: toFiles(session, origin, repository, manifest),
        suggestedName: repository.split('/').slice(-2).map(toModelName).join('/'),
        suggestedAlias: tag.slice(0, 80),
        source: `${place.host}/${repository}:${tag}`,
      };
    },
  };
}
