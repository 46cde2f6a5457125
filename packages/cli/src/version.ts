import manifest from '../package.json' with { type: 'json' };

/** One version for all workspaces. */
export const version: string = manifest.version;
