import type { OutgoingClient } from '../../../outgoing/outgoing-client.ts';
import type { ImportPlan, PlannedFile, Source } from '../plan.ts';
import { fileTypes } from '../plan.ts';
import { checkTotal, type Descriptor, manifestShape, manifestTypes } from './manifest.ts';
import { type OllamaName, parseOllamaName, toLocalName } from './ollama-name.ts';
import { ollamaTypes } from './ollama-types.ts';
import { digestOf, readJson } from './read-json.ts';
import { type Credential, createRegistrySession, type RegistrySession } from './registry-session.ts';
import { refused } from './remote-errors.ts';

export interface RegistrySourceDependencies {
  readonly client: OutgoingClient;
  readonly credentialFor: (host: string) => Promise<Credential | undefined>;
  /** `https://host`, or `http://host` where the configuration names it as plain. */
  readonly originOf: (host: string) => string;
  readonly maxGiB: number;
}

const MIB = 1024 * 1024;
/** What is read whole into memory later: prompts, parameters, licences. */
const MOST_SMALL_BYTES = 4 * MIB;

interface Naming {
  readonly path: string;
  readonly mediaType: string;
  readonly isSmall: boolean;
}

/** What each kind of layer is called inside a version; with a number from the second of a kind on. */
const namings: Readonly<Record<string, Naming>> = {
  [ollamaTypes.model]: { path: 'model.gguf', mediaType: fileTypes.gguf, isSmall: false },
  [ollamaTypes.projector]: { path: 'projector.gguf', mediaType: ollamaTypes.projector, isSmall: false },
  [ollamaTypes.adapter]: { path: 'adapter.gguf', mediaType: ollamaTypes.adapter, isSmall: false },
  [ollamaTypes.template]: { path: 'template', mediaType: ollamaTypes.template, isSmall: true },
  [ollamaTypes.system]: { path: 'system', mediaType: ollamaTypes.system, isSmall: true },
  [ollamaTypes.params]: { path: 'params.json', mediaType: ollamaTypes.params, isSmall: true },
  [ollamaTypes.messages]: { path: 'messages.json', mediaType: ollamaTypes.messages, isSmall: true },
  [ollamaTypes.license]: { path: 'license', mediaType: ollamaTypes.license, isSmall: true },
  [ollamaTypes.config]: { path: 'config.json', mediaType: ollamaTypes.config, isSmall: true },
};

export function createOllamaNamer(host: string) {
  const seen = new Map<string, number>();
  return ({ mediaType, size }: Descriptor): Naming => {
    const naming = namings[mediaType];
    if (naming === undefined) throw refused(host, `a layer of the kind "${mediaType}", which no engine here reads`);
    if (naming.isSmall && size > MOST_SMALL_BYTES) throw refused(host, `a layer "${naming.path}" of ${size} bytes`);
    const count = (seen.get(mediaType) ?? 0) + 1;
    seen.set(mediaType, count);
    if (count > 1 && mediaType !== ollamaTypes.license && mediaType !== ollamaTypes.adapter)
      throw refused(host, `two layers of the kind "${mediaType}"`);
    return count === 1 ? naming : { ...naming, path: naming.path.replace(/^([a-z]+)/, `$1-${count}`) };
  };
}

export const toBlobFile = (
  session: RegistrySession,
  origin: string,
  repository: string,
  { digest, size }: Descriptor,
  naming: Pick<Naming, 'path' | 'mediaType'>,
): PlannedFile => ({
  path: naming.path,
  mediaType: naming.mediaType,
  sizeBytes: size,
  digest,
  origin: { kind: 'remote', remote: { url: `${origin}/v2/${repository}/blobs/${digest}`, authorize: session.authorize } },
});

/** Ollama's registry protocol, at any host that speaks it. */
export function createOllamaSource(
  { client, credentialFor, originOf, maxGiB }: RegistrySourceDependencies,
  defaultRegistry: string,
): Source {
  const originFor = ({ scheme, host }: OllamaName) =>
    host === undefined ? new URL(defaultRegistry).origin : scheme === undefined ? originOf(host) : `${scheme}://${host}`;

  return {
    async resolve({ reference }, signal): Promise<ImportPlan> {
      const name = parseOllamaName(reference);
      const origin = originFor(name);
      const repository = `${name.namespace}/${name.name}`;
      const session = createRegistrySession({ client, credentialFor }, { origin, repository, realms: 'own', scope: 'pull' });
      const answer = await session.getWhole(`manifests/${name.digest ?? name.tag}`, manifestTypes, `${repository}:${name.tag}`, signal);
      if (name.digest !== undefined && digestOf(answer.body) !== name.digest)
        throw refused(session.host, 'another manifest than the digest names');
      const { layers, config } = readJson(answer.body, manifestShape, session.host, 'manifest');
      checkTotal([...layers, config], maxGiB, session.host);
      if (!layers.some(({ mediaType }) => mediaType === ollamaTypes.model)) throw refused(session.host, 'a manifest without a GGUF model');
      const toNaming = createOllamaNamer(session.host);
      return {
        files: [...layers, config].map((layer) => toBlobFile(session, origin, repository, layer, toNaming(layer))),
        suggestedName: toLocalName(name),
        suggestedAlias: name.tag,
        source: `${new URL(origin).host}/${repository}:${name.tag}`,
      };
    },
  };
}
