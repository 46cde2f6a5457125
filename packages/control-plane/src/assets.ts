import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Files that come with the program. From a clone they lie in their workspaces, in the published package side by side. */
export interface Assets {
  readonly web: string;
  readonly starter: string;
  /** What another machine's copy of the program is packed from: this clone, or this installation. */
  readonly software: { readonly clone: string | undefined; readonly installation: string };
}

const here = import.meta.dirname;

/** The clone's root when this file runs from source; `undefined` in a published package. */
function findClone(): string | undefined {
  const root = join(here, '../../..');
  return existsSync(join(root, 'packages/control-plane/src/assets.ts')) ? root : undefined;
}

export function locateAssets(): Assets {
  const clone = findClone();
  return {
    web: clone === undefined ? join(here, '../web') : join(clone, 'packages/web/dist'),
    starter: join(here, '../assets/starter'),
    software: { clone, installation: join(here, '..') },
  };
}
