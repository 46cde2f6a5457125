/** The nearest text that can be a model's name. */
export function toModelName(text: string): string {
  const name = text
    .normalize('NFKD')
    .replace(/[^A-Za-z0-9_.-]+/g, '-')
    .replace(/\.{2,}/g, '.')
    .replace(/^[^A-Za-z0-9_]+/, '')
    .slice(0, 80);
  return name === '' ? 'model' : name;
}
