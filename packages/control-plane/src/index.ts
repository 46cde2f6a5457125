import type { Restored, RestoreOptions } from './backups/restore-backup.ts';

export { takeGivenKeys } from './access/secrets/master-key.ts';
export type { Restored, RestoreOptions } from './backups/restore-backup.ts';
export { readConfig } from './configuration/load-config.ts';

/** Brings a stopped cluster back from a backup; see `restore-backup.ts`. Its drivers are loaded only now. */
export async function restoreBackup(options: RestoreOptions, signal: AbortSignal): Promise<Restored> {
  const backups = await import('./backups/restore-backup.ts');
  return backups.restoreBackup(options, signal);
}
