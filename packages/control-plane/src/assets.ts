import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Files that come with the program. From a clone they lie in their workspaces, in the published package side by side. */
export interface Assets {
  readonly web: string;
  readonly starter: string;
  /** The program itself as a package, for machines that do not have it yet; absent until it was packed. */
  readonly software: string | undefined;
}

const here = import.meta.dirname;
const firstThatExists = (candidates: readonly string[]) => candidates.find((path) => existsSync(path));

export function locateAssets(version: string): Assets {
  const packed = `cluster-ai-${version}.tgz`;
  return {
    web: firstThatExists([join(here, '../../web/dist'), join(here, '../web')]) ?? join(here, '../web'),
    starter: firstThatExists([join(here, '../assets/starter')]) ?? join(here, '../assets/starter'),
    software: firstThatExists([join(here, '../../../dist', packed), join(here, '..', packed)]),
  };
}
