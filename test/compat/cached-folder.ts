import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A folder under `.cache` that is worth keeping between runs. */
export interface CachedFolder {
  readonly path: string;
  /** Whether it is there, made from what it would be made from now. */
  isReady(): Promise<boolean>;
  /** Makes it anew unless it is ready. Rejects with what `make` throws; then it is not ready. */
  ensure(): Promise<void>;
}

export interface CachedFolderOptions {
  readonly name: string;
  /** Everything that decides what is in it: a change makes it anew. */
  readonly madeFrom: string;
  readonly make: (path: string) => Promise<unknown>;
}

export function cachedFolder({ name, madeFrom, make }: CachedFolderOptions): CachedFolder {
  const path = join(import.meta.dirname, '../../.cache', name);
  const stamp = join(path, 'made-from.sha256');
  const digest = createHash('sha256').update(madeFrom).digest('hex');
  const isReady = async () => (await readFile(stamp, 'utf8').catch(() => '')) === digest;
  return {
    path,
    isReady,
    async ensure() {
      if (await isReady()) return;
      await rm(path, { recursive: true, force: true });
      await mkdir(path, { recursive: true });
      await make(path);
      await writeFile(stamp, digest);
    },
  };
}

export interface LargeProgram {
  readonly folder: CachedFolder;
  /** What making it takes, for people: `2 GB, two minutes`. */
  readonly cost: string;
  /** The environment variable that names one which is already there. */
  readonly variable: string;
}

/**
 * Why a program that takes minutes to install is not tested here; `undefined` when it can be. Only `npm run test:long` installs it, and every
 * later run uses it.
 */
export async function whyNoProgram({ folder, cost, variable }: LargeProgram): Promise<string | undefined> {
  if (process.env[variable] !== undefined || (await folder.isReady())) return undefined;
  if (process.env['CLUSTER_AI_LONG_TESTS'] !== '1')
    return `\`npm run test:long\` installs it (${cost}); ${variable} names one that is there`;
  console.log(`Installing into ${folder.path} (${cost})`);
  return folder.ensure().then(
    () => undefined,
    (error: unknown) => `it could not be installed (${cost}): ${lastLine(error)}`,
  );
}

const lastLine = (error: unknown) =>
  String((error as { stderr?: unknown }).stderr || error)
    .trim()
    .split('\n')
    .at(-1);
