/** A key of `cluster.yaml` as the older documents write it: taken as another one, or refused with what to do instead. */
export interface OlderConfigKey {
  readonly path: readonly string[];
  /** The key of today with the same meaning. */
  readonly becomes?: readonly string[];
  /** Its value says the opposite of the new key's. */
  readonly isNegated?: boolean;
  /** What to do instead, as the end of a sentence. */
  readonly instead?: string;
}

export const olderConfigKeys: readonly OlderConfigKey[] = [
  { path: ['registry', 'storage', 'base_path'], becomes: ['blobs', 'path'] },
  { path: ['registry', 'api', 'host'], becomes: ['listeners', 'registry', 'host'] },
  { path: ['registry', 'api', 'port'], becomes: ['listeners', 'registry', 'port'] },
  { path: ['registry', 'api', 'auth_required'], becomes: ['access', 'local'], isNegated: true },
  {
    path: ['registry', 'storage', 'backup_enabled'],
    instead: 'there is no such key any more: `cluster-ai backup create` makes backups, models included',
  },
  {
    path: ['registry', 'frameworks'],
    instead: 'there is no such key any more: every framework is kept, and `registry.policy.loadFormats` says which formats are loaded',
  },
];
