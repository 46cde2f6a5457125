import type { Kysely } from 'kysely';
import type { Tables } from './tables.ts';

export type Query = Kysely<Tables>;

/**
 * The one door to stored state. `query` reads; whatever changes something goes through `transaction`.
 * Both databases take the same statements; what differs is hidden in their folders.
 */
export interface Database extends AsyncDisposable {
  readonly kind: 'sqlite' | 'postgres';
  readonly query: Query;
  /** Commits when `work` resolves, rolls back when it throws. `full` (the default) survives a power cut once it has resolved. */
  transaction<T>(work: (transaction: Query) => Promise<T>, options?: { readonly durability?: 'full' | 'normal' }): Promise<T>;
  /**
   * Writes everything that is committed at one moment to files in this empty folder, while work goes on, but for `unarchivedTables`.
   * Gives their names. `onTaken` is called once that moment is over: what is committed from then on is not in the files.
   */
  snapshot(folder: string, onTaken?: () => void): Promise<readonly string[]>;
  /** Takes what was deleted out of the database's side files, as far as that can be done from here. */
  scrub(): Promise<void>;
}
