/** JSON with one form for each value: names in the order of their code units, no spaces (as in RFC 8785). Takes what `JSON.parse` gives. */
export function toCanonicalJson(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(toCanonicalJson).join(',')}]`;
  const fields = value as Readonly<Record<string, unknown>>;
  const parts = Object.keys(fields)
    .sort()
    .map((name) => `${JSON.stringify(name)}:${toCanonicalJson(fields[name])}`);
  return `{${parts.join(',')}}`;
}
