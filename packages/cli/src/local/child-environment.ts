/** The compile cache, where other programs were told to keep their models, so that the agent looks there, and how packages are fetched. */
const passedOn = [
  'NODE_COMPILE_CACHE',
  'OLLAMA_MODELS',
  'HF_HOME',
  'HF_HUB_CACHE',
  'XDG_CACHE_HOME',
  // how pip or uv reach the packages of the Python environment, and where it is kept
  'CLUSTER_AI_PYTHON_ENVIRONMENTS',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'http_proxy',
  'https_proxy',
  'no_proxy',
  'SSL_CERT_FILE',
  'REQUESTS_CA_BUNDLE',
  'PIP_CONFIG_FILE',
  'PIP_INDEX_URL',
  'PIP_CERT',
  'UV_CONFIG_FILE',
  'UV_DEFAULT_INDEX',
];

/** Where the master key and the credentials of an S3 store may come from. The control plane alone gets these: no agent and no engine needs them. */
const keySources = [
  'CLUSTER_AI_KEY',
  'CLUSTER_AI_KEY_PREVIOUS',
  'CREDENTIALS_DIRECTORY',
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
];

type Environment = Readonly<Record<string, string | undefined>>;

const pick = (environment: Environment, names: readonly string[]): Record<string, string> =>
  Object.fromEntries(names.flatMap((name) => (environment[name] === undefined ? [] : [[name, environment[name]]])));

/** What our own processes get from the environment beyond what every child gets. */
export const childEnvironment = (environment: Environment): Record<string, string> => pick(environment, passedOn);

/** What the control plane gets besides. */
export const keyEnvironment = (environment: Environment): Record<string, string> => pick(environment, keySources);

/** The environment as we were started with it; the keys in it are not handed on to what we start by other ways. */
export function takeEnvironment(own: Record<string, string | undefined>): Environment {
  const environment = { ...own };
  for (const name of keySources) delete own[name];
  return environment;
}
