const longest = 63;

/** A name for people and command lines: no control characters, no spaces at the ends, and not one that another node has. */
export function toNodeName(wish: string, taken: readonly string[]): string {
  const clean = wish
    .replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, longest);
  const name = clean || 'node';
  for (let number = 1; ; number++) {
    const candidate = number === 1 ? name : `${name}-${number}`;
    if (!taken.includes(candidate)) return candidate;
  }
}
