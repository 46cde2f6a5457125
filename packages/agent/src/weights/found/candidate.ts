/** A file that may be a model; nobody has looked into it yet. */
export interface Candidate {
  readonly path: string;
  readonly source: 'ollama' | 'huggingface';
  readonly suggestedName: string;
}

/** What is left of somebody else's name when only the letters of our names may stay. */
export function toModelName(text: string): string {
  const name = text
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/\.{2,}/g, '.')
    .replace(/^[^a-z0-9]+|[^a-z0-9]+$/g, '');
  return name.slice(0, 80) || 'model';
}
