/** How many modules dependency-cruiser says it looked at; 0 when it says nothing of the kind. */
export function countModules(output) {
  return Number(/(\d+) modules, \d+ dependencies cruised/.exec(output)?.[1] ?? 0);
}
