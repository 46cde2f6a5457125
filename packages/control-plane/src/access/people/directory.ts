import type { Clock } from '@cluster-ai/runtime';
import type { Database, Query } from '../../stores/database.ts';
import { advanceGeneration, readGeneration } from '../../stores/generations.ts';
import type { SessionRow } from '../../stores/tables.ts';
import { createTurns } from '../../stores/turns.ts';
import type { Caller } from '../caller.ts';
import { permissionsOf } from '../roles.ts';
import { type PersonRecord, toPersonRecord, toQuota } from './person-record.ts';

/** Whoever calls by a session. */
export interface SessionCaller extends Caller {
  readonly sessionId: string;
  readonly whenCut: () => AbortSignal;
}

export interface SessionRecord {
  readonly id: string;
  readonly personId: string;
  readonly kind: SessionRow['kind'];
  readonly tokenHash: string;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly endedAt: number | null;
  readonly address: string;
  readonly program: string;
  readonly caller: SessionCaller;
  lastSeenAt: number;
  /** Aborts when the session ends or means less than before: what is still open for it is closed then. */
  cut: AbortController | undefined;
}

/**
 * People and their sessions in memory, as the database has them: who calls is found without it. All of them are read at each change: a
 * cluster has some hundred people, and a change is a person's doing.
 */
export interface Directory {
  /** How many people have, or had, a login; service accounts are none. */
  count(): number;
  list(): readonly PersonRecord[];
  find(id: string): PersonRecord | undefined;
  findByName(name: string): PersonRecord | undefined;
  sessions(): Iterable<SessionRecord>;
  findSession(tokenHash: string): SessionRecord | undefined;
  findSessionById(id: string): SessionRecord | undefined;
  read<T>(work: (query: Query) => Promise<T>): Promise<T>;
  /** One transaction that changes people or sessions. Memory is up to date when it resolves; other control planes are within seconds. */
  change<T>(work: (query: Query) => Promise<T>): Promise<T>;
  refresh(): Promise<void>;
  /** Whether somebody else (another control plane on the same database) has changed something since the last look. */
  isStale(): Promise<boolean>;
}

const GENERATION = 'people.generation';

const toCaller = (person: PersonRecord, sessionId: string, whenCut: () => AbortSignal): SessionCaller => ({
  kind: 'person',
  id: person.id,
  ownerId: person.id,
  name: person.name,
  role: person.role,
  permissions: permissionsOf(person.role),
  models: person.models,
  quotas: [toQuota(person)],
  sessionId,
  whenCut,
});

/** Whether a person may do what that one might. */
const isAlike = (a: SessionCaller, b: SessionCaller) => a.role === b.role && JSON.stringify(a.models) === JSON.stringify(b.models);

function toSession(row: SessionRow, person: PersonRecord, before: SessionRecord | undefined, whenCut: () => AbortSignal): SessionRecord {
  const caller = toCaller(person, row.id, whenCut);
  const isSameCaller =
    before !== undefined && isAlike(before.caller, caller) && JSON.stringify(before.caller.quotas) === JSON.stringify(caller.quotas);
  return {
    id: row.id,
    personId: row.person_id,
    kind: row.kind,
    tokenHash: row.token_hash,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    endedAt: row.ended_at ?? (person.state === 'active' ? null : 0),
    address: row.address,
    program: row.program,
    caller: isSameCaller ? before.caller : caller,
    lastSeenAt: Math.max(row.last_seen_at, before?.lastSeenAt ?? 0),
    cut: before?.cut,
  };
}

/** Whoever has something open for a session learns that it ended, or that its person may do other things than before. */
function cutWhatChanged(before: ReadonlyMap<string, SessionRecord>, after: ReadonlyMap<string, SessionRecord>): void {
  for (const [hash, session] of before) {
    const now = after.get(hash);
    if (session.cut === undefined || (now !== undefined && now.endedAt === null && isAlike(now.caller, session.caller))) continue;
    session.cut.abort();
    if (now !== undefined) now.cut = undefined;
  }
}

export async function openDirectory(database: Database, clock: Clock): Promise<Directory> {
  let generation = -1;
  let people = new Map<string, PersonRecord>();
  let signers = 0;
  let sessions = new Map<string, SessionRecord>();
  let sessionsById = new Map<string, SessionRecord>();
  const turns = createTurns(); // a look that began earlier must not undo what a later one saw

  function whenCut(tokenHash: string): AbortSignal {
    const session = sessions.get(tokenHash);
    if (session === undefined || session.endedAt !== null) return AbortSignal.abort();
    session.cut ??= new AbortController();
    return session.cut.signal;
  }
  async function look(): Promise<void> {
    const seen = await readGeneration(database.query, GENERATION); // first: what changes while we read is read again
    const rows = await database.query.selectFrom('people').selectAll().orderBy('created_at').execute();
    const seeds = await database.query.selectFrom('totp_seeds').select('person_id').where('confirmed_at', 'is not', null).execute();
    const withTotp = new Set(seeds.map((row) => row.person_id));
    const sessionRows = await database.query.selectFrom('sessions').selectAll().orderBy('created_at').execute();
    people = new Map(rows.map((row) => [row.id, toPersonRecord(row, withTotp.has(row.id))]));
    signers = rows.filter(({ kind }) => kind === 'person').length;
    const before = sessions;
    sessions = new Map();
    for (const row of sessionRows) {
      const person = people.get(row.person_id);
      if (person !== undefined)
        sessions.set(
          row.token_hash,
          toSession(row, person, before.get(row.token_hash), () => whenCut(row.token_hash)),
        );
    }
    sessionsById = new Map([...sessions.values()].map((session) => [session.id, session]));
    cutWhatChanged(before, sessions);
    generation = seen;
  }
  async function refresh(): Promise<void> {
    const done = await turns.take();
    await look().finally(done);
  }

  await refresh();
  return {
    count: () => signers,
    list: () => [...people.values()],
    find: (id) => people.get(id),
    findByName: (name) => [...people.values()].find((person) => person.name === name),
    sessions: () => sessions.values(),
    findSession: (tokenHash) => sessions.get(tokenHash),
    findSessionById: (id) => sessionsById.get(id),
    read: (work) => work(database.query),
    async change(work) {
      const result = await database.transaction(async (query) => {
        const value = await work(query);
        await advanceGeneration(query, GENERATION, clock.now());
        return value;
      });
      await refresh();
      return result;
    },
    refresh,
    isStale: async () => (await readGeneration(database.query, GENERATION)) !== generation,
  };
}
