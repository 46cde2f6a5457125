const layer = (kind: string) => `application/vnd.ollama.image.${kind}`;

/** Media types of the layers of Ollama's models. Versions keep them for everything but the weights, so that they can be pushed again. */
export const ollamaTypes = {
  model: layer('model'),
  projector: layer('projector'),
  adapter: layer('adapter'),
  template: layer('template'),
  system: layer('system'),
  params: layer('params'),
  messages: layer('messages'),
  license: layer('license'),
  config: 'application/vnd.docker.container.image.v1+json',
  manifest: 'application/vnd.docker.distribution.manifest.v2+json',
} as const;
