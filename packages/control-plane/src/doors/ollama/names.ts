import { parseOllamaName, toLocalName } from '../../registry/imports/sources/ollama-name.ts';

/** Ways to write a name that our references have no place for: a scheme, a host with its port, what every client may leave out. */
const isForeign = /^(https?:\/\/|library\/|registry\.ollama\.ai\/|[^/:]+:\d{1,5}\/)/i;

/** What a client calls a model, as a reference of ours. Throws `invalid_model_reference`. */
export function toReference(asked: string): string {
  if (!isForeign.test(asked)) return asked;
  const name = parseOllamaName(asked);
  return `${toLocalName(name)}:${name.tag}${name.digest === undefined ? '' : `@${name.digest}`}`;
}
