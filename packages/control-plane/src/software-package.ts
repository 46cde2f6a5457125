import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Logger } from '@cluster-ai/runtime';
import type { Assets } from './assets.ts';

const run = promisify(execFile);
const PACKING_MS = 180_000;

export interface SoftwarePackageDeps {
  readonly assets: Pick<Assets, 'software'>;
  readonly version: string;
  /** Where an installed program packs itself into. */
  readonly folder: string;
  readonly log: Logger;
}

/**
 * The program itself, as the package that another machine installs. Packed when the first machine asks for it: from a clone by the
 * build script, which does nothing when the sources are unchanged; from an installation by `npm pack`.
 */
export function createSoftwarePackage({ assets, version, folder, log }: SoftwarePackageDeps) {
  const name = `cluster-ai-${version}.tgz`;

  async function pack(): Promise<string> {
    const { clone, installation } = assets.software;
    if (clone !== undefined) {
      await run(process.execPath, [join(clone, 'scripts/build.mjs')], { timeout: PACKING_MS });
      return join(clone, 'dist', name);
    }
    await run('npm', ['pack', installation, '--ignore-scripts', '--silent', '--pack-destination', folder], { timeout: PACKING_MS });
    return join(folder, name);
  }

  let packing: Promise<{ path: string; size: number } | undefined> | undefined;
  return (): Promise<{ path: string; size: number } | undefined> => {
    packing ??= pack()
      .then(async (path) => ({ path, size: (await stat(path)).size }))
      .catch((error: unknown) => {
        log.warn({ err: error }, 'The program could not be packed for another machine');
        packing = undefined; // the next machine that asks tries again
        return undefined;
      });
    return packing;
  };
}
