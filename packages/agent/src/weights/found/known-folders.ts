import { join } from 'node:path';

/** Where other programs keep models on this machine. */
export interface KnownFolders {
  /** Folders with `manifests/` and `blobs/`. */
  readonly ollama: readonly string[];
  /** Folders with `models--ORG--NAME/`. */
  readonly huggingFace: readonly string[];
}

/** The usual places, and those that the programs' own variables name. */
export function locateKnownFolders(home: string, environment: Readonly<Record<string, string | undefined>>): KnownFolders {
  const { OLLAMA_MODELS, HF_HOME, HF_HUB_CACHE, XDG_CACHE_HOME } = environment;
  const named = (path: string | undefined) => (path ? [path] : []);
  const cache = XDG_CACHE_HOME || join(home, '.cache');
  return {
    ollama: [
      ...named(OLLAMA_MODELS),
      join(home, '.ollama', 'models'),
      '/usr/share/ollama/.ollama/models',
      '/opt/ollama/.ollama/models',
      '/opt/ollama/models',
    ],
    huggingFace: [...named(HF_HUB_CACHE), join(HF_HOME || join(cache, 'huggingface'), 'hub')],
  };
}
