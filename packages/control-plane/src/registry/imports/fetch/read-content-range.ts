export interface ContentRange {
  readonly first: number;
  readonly last: number;
  readonly sizeBytes: number | null;
}

/** `bytes 0-99/1000`; the size may be `*`. */
export function readContentRange(headers: ReadonlyMap<string, string>): ContentRange | undefined {
  const found = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/.exec(headers.get('content-range') ?? '');
  if (found === null) return undefined;
  const [, first, last, size] = found;
  return { first: Number(first), last: Number(last), sizeBytes: size === '*' ? null : Number(size) };
}
