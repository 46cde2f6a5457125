import type { Database } from '../../stores/database.ts';
import { findAct, type OpenAct } from './act.ts';
import type { Audit } from './audit.ts';
import type { ChainEnds } from './seals.ts';

type Transact = Database['transaction'];

const toDraft = ({ act, target, details }: OpenAct) => ({ ...act, target, details, result: 'ok' as const });

/** What was not committed may be written by the next transaction. */
const beforeWriting = ({ state }: OpenAct) => (state === 'writing' ? 'open' : state);

/**
 * The database as everybody but the audit record itself uses it: the first transaction that commits within an act writes the act's entry as
 * well, both or neither. So no route can forget it.
 */
export function withAudit(database: Database, audit: Pick<Audit, 'append' | 'committed'>): Database {
  const transact: Transact = async (work, options) => {
    const open = findAct();
    if (open?.state !== 'open') return database.transaction(work, options);
    let ends: ChainEnds | undefined;
    try {
      const result = await database.transaction(async (transaction) => {
        const value = await work(transaction);
        if (open.state !== 'open') return value; // another transaction of this act was faster
        open.state = 'writing';
        ends = await audit.append(transaction, toDraft(open));
        return value;
      }); // always `full`: what was done must not be forgotten in a power cut
      if (ends !== undefined) {
        open.state = 'written';
        audit.committed(ends);
      }
      return result;
    } catch (error) {
      open.state = beforeWriting(open);
      throw error;
    }
  };
  return { ...database, transaction: transact };
}
