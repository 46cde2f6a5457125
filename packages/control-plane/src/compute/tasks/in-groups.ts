/** Parts of a list, none longer than `most`. */
export function* inGroups<T>(items: readonly T[], most: number): Generator<readonly T[]> {
  for (let from = 0; from < items.length; from += most) yield items.slice(from, from + most);
}
