/** The compile cache, and where other programs were told to keep their models, so that the agent looks there. */
const passedOn = ['NODE_COMPILE_CACHE', 'OLLAMA_MODELS', 'HF_HOME', 'HF_HUB_CACHE', 'XDG_CACHE_HOME'];

/** What our own processes get from the environment beyond what every child gets. */
export function childEnvironment(environment: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(passedOn.flatMap((name) => (environment[name] === undefined ? [] : [[name, environment[name]]])));
}
