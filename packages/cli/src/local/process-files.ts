import { fileURLToPath } from 'node:url';

/** The entry files of the processes that `up` and `join` start. */
export interface ProcessFiles {
  readonly controlPlane: string;
  readonly agent: string;
}

const fromHere = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** In the package everything lies side by side and is built; in a clone each workspace runs from its source. */
export function findProcessFiles(): ProcessFiles {
  if (!import.meta.url.endsWith('.ts')) {
    return { controlPlane: fromHere('control-plane.js'), agent: fromHere('agent.js') };
  }
  return { controlPlane: fromHere('../../../control-plane/src/process.ts'), agent: fromHere('../../../agent/src/process.ts') };
}
