import { ClusterError, phrase } from '@cluster-ai/contracts';

const part = '[A-Za-z0-9_][A-Za-z0-9_.-]{0,79}';
const namePattern = new RegExp(
  `^(?:(https?)://)?(?:([A-Za-z0-9][A-Za-z0-9.-]{0,120}(?::\\d{1,5})?)/(?=[^/]+/))?(?:(${part})/)?(${part})(?::(${part}))?(?:@(sha256:[0-9a-f]{64}))?$`,
);

/** What Ollama calls a model: `[host/][namespace/]name[:tag]`. */
export interface OllamaName {
  readonly scheme: 'http' | 'https' | undefined;
  /** With its port; undefined: where names without a host come from. */
  readonly host: string | undefined;
  readonly namespace: string;
  readonly name: string;
  readonly tag: string;
  readonly digest: string | undefined;
}

const DEFAULT_NAMESPACE = 'library';
/** Written or left out, it is the same. */
const DEFAULT_HOST = 'registry.ollama.ai';

/** Throws `invalid_model_reference`. */
export function parseOllamaName(text: string): OllamaName {
  const found = text.length > 400 || text.includes('..') ? null : namePattern.exec(text);
  if (found === null)
    throw new ClusterError('invalid_model_reference', phrase('not_an_ollama_name', { name: text.slice(0, 120) }), {
      hint: phrase('how_ollama_names_are'),
      param: 'model',
    });
  const [, scheme, host, namespace = DEFAULT_NAMESPACE, name = '', tag = 'latest', digest] = found;
  return {
    scheme: scheme as OllamaName['scheme'],
    host: host?.toLowerCase() === DEFAULT_HOST ? undefined : host?.toLowerCase(),
    namespace,
    name,
    tag,
    digest,
  };
}

/**
 * The same as a reference of ours. A host's port stands behind `_` there, which no host name has: `registry.lan_5000/lab/tiny`.
 */
export function toLocalName({ host, namespace, name }: OllamaName): string {
  if (host === undefined) return namespace === DEFAULT_NAMESPACE ? name : `${namespace}/${name}`;
  return `${host.replace(':', '_')}/${namespace}/${name}`;
}

/** A name of ours as Ollama's clients write it. */
export const toOllamaName = (name: string): string => name.replace(/^([^/_]+)_(\d{1,5})\/(?=[^/]+\/)/, '$1:$2/');
