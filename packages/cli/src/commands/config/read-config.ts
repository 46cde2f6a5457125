import { existsSync } from 'node:fs';
import type { Config } from '@cluster-ai/contracts';

export interface ReadConfig {
  readonly path: string;
  /** False: there is no file, and everything is as it comes. */
  readonly exists: boolean;
  readonly config: Config;
}

/** Reads `cluster.yaml` as the control plane does, with every default filled in. Throws `config_invalid` with the place. */
export async function readConfig(path: string): Promise<ReadConfig> {
  const controlPlane = await import('@cluster-ai/control-plane');
  return { path, exists: existsSync(path), config: await controlPlane.readConfig(path) };
}
