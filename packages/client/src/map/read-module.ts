import { ClusterError } from '@cluster-ai/contracts';

// by a name that bundlers cannot see: pages have no files, and the bundler is the caller's own
const load = (name: string) => import(/* @vite-ignore */ name);

interface Bundler {
  rolldown(options: object): Promise<{
    generate(options: object): Promise<{ readonly output: readonly [{ readonly code: string }] }>;
    close(): Promise<void>;
  }>;
}

const findBundler = (): Promise<Bundler | undefined> => load('rolldown').catch(() => undefined);

async function bundle({ rolldown }: Bundler, path: string): Promise<string> {
  const build = await rolldown({ input: path, platform: 'node', logLevel: 'silent' });
  try {
    const { output } = await build.generate({ format: 'esm', codeSplitting: false });
    return output[0].code;
  } finally {
    await build.close();
  }
}

async function readAlone(path: string): Promise<string> {
  const { readFile } = await load('node:fs/promises');
  const source: string = await readFile(path, 'utf8');
  if (!/\.[cm]?tsx?$/.test(path) && !/(?:\bfrom|\bimport)\s*\(?\s*['"](?!node:)/.test(source)) return source;
  throw new ClusterError('invalid_request', `${path} imports others or is TypeScript, so that it has to be bundled first.`, {
    hint: 'Install the bundler (npm install rolldown), or hand in a module that stands alone.',
  });
}

/** A module of this machine as one text, with what it imports where a bundler (rolldown) is installed. Throws `file_not_found`, `invalid_request`. */
export async function readModule(place: string | URL): Promise<string> {
  const [{ fileURLToPath }, { resolve }, { access }] = await Promise.all(['node:url', 'node:path', 'node:fs/promises'].map(load));
  const path: string = String(place).startsWith('file:') ? fileURLToPath(place) : resolve(String(place));
  await access(path).catch((cause: unknown) => {
    throw new ClusterError('file_not_found', `There is no module at ${path}.`, { hint: 'Name a file of this machine.', cause });
  });
  const bundler = await findBundler();
  return bundler === undefined ? readAlone(path) : bundle(bundler, path);
}
