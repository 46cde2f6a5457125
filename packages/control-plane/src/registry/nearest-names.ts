/** How many letters must be added, dropped or changed to get from one word to the other. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

function unlikeness(wanted: string, name: string): number {
  const [a, b] = [wanted.toLowerCase(), name.toLowerCase()];
  if (a.length > 2 && (b.includes(a) || a.includes(b))) return 1;
  return distance(a, b);
}

/** Names that somebody may have meant, the likeliest first. */
export function nearestNames(wanted: string, names: readonly string[], most = 3): readonly string[] {
  return names
    .map((name) => ({ name, unlikeness: unlikeness(wanted, name) }))
    .filter(({ unlikeness }) => unlikeness <= Math.max(2, wanted.length / 3))
    .sort((a, b) => a.unlikeness - b.unlikeness || a.name.localeCompare(b.name))
    .slice(0, most)
    .map(({ name }) => name);
}
