/** What our own processes get from the environment beyond what every child gets. */
export function childEnvironment(environment: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const compileCache = environment['NODE_COMPILE_CACHE'];
  return compileCache === undefined ? {} : { NODE_COMPILE_CACHE: compileCache };
}
