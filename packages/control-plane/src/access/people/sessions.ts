import { createHmac } from 'node:crypto';
import { ClusterError, type Session } from '@cluster-ai/contracts';
import { type Clock, type Logger, newId } from '@cluster-ai/runtime';
import type { Database, Query } from '../../stores/database.ts';
import type { KeyOwner, SessionLookup } from '../admission.ts';
import { permissionsOf } from '../roles.ts';
import type { Directory, SessionCaller, SessionRecord } from './directory.ts';
import { PERSON_PREFIX, type PersonRecord, toQuota } from './person-record.ts';
import { hashSecret, isSecretToken, newSecretToken } from './secret-token.ts';

const DAY_MS = 24 * 60 * 60_000;
/** Unused for this long, or this old: then the person signs in again. */
const limits = {
  browser: { idleMs: 3 * DAY_MS, lifeMs: 30 * DAY_MS },
  tokens: { idleMs: 30 * DAY_MS, lifeMs: 365 * DAY_MS },
} as const;
/** How long an ended one is remembered, so that its owner is told that it ended. */
const REMEMBER_MS = DAY_MS;
/** How often other control planes' changes are looked for, and open streams of ended sessions. */
const LOOK_EVERY_MS = 3000;
/** How often it is written down who was seen when. */
const SAVE_EVERY_MS = 60_000;

/** Where somebody signs in from. */
export interface Origin {
  readonly address: string;
  readonly program: string;
}

/** Told once: stored is only a hash of it. */
export interface NewSession {
  readonly id: string;
  readonly token: string;
  readonly csrfToken: string;
  readonly expiresAt: number;
}

export interface Sessions extends SessionLookup {
  /** Within the transaction in which the person proved who it is. */
  begin(query: Query, personId: string, origin: Origin, kind?: SessionRecord['kind']): Promise<NewSession>;
  /** As `find`, by its id: for whoever has proved by other means to hold it. */
  findById(id: string): SessionCaller | 'ended' | undefined;
  find(token: string): SessionCaller | 'ended' | undefined;
  /** What a page sends as `x-csrf-token`; it follows from the session's token, and another site can read neither. */
  csrfTokenOf(token: string): string;
  /** What somebody may do now, signed in or not: for what acts in a person's name. */
  ownerOf(ownerId: string): KeyOwner | 'nobody' | undefined;
  list(personId: string, currentId: string | undefined): readonly Session[];
  /** Ends one of a person's sessions. Throws `session_not_found`. */
  end(personId: string, sessionId: string): Promise<void>;
  /** Ends all of a person's sessions, or all but one. Gives how many. */
  endAll(personId: string, exceptId?: string): Promise<number>;
  /** Keeps memory and database together until the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
}

/** As `endAll`, within somebody else's transaction. */
export async function endSessionsOf(query: Query, personId: string, now: number, exceptId = ''): Promise<number> {
  const changed = await query
    .updateTable('sessions')
    .set({ ended_at: now })
    .where('person_id', '=', personId)
    .where('id', '!=', exceptId)
    .where('ended_at', 'is', null)
    .executeTakeFirst();
  return Number(changed.numUpdatedRows);
}

const toTime = (ms: number) => new Date(ms).toISOString();

export interface SessionsDependencies {
  readonly directory: Directory;
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Logger;
}

export function createSessions({ directory, database, clock, log }: SessionsDependencies): Sessions {
  const dirty = new Set<SessionRecord>();
  const owners = new WeakMap<PersonRecord, KeyOwner>();
  const isOver = (session: SessionRecord, now: number) =>
    session.endedAt !== null || session.expiresAt <= now || session.lastSeenAt + limits[session.kind].idleMs <= now;
  const open = () => [...directory.sessions()].filter((session) => !isOver(session, clock.now()));

  async function saveSeen(): Promise<void> {
    const seen = [...dirty];
    dirty.clear();
    if (seen.length === 0) return;
    await database.transaction(
      async (query) => {
        for (const { id, lastSeenAt } of seen)
          await query
            .updateTable('sessions')
            .set({ last_seen_at: lastSeenAt })
            .where('id', '=', id)
            .where('last_seen_at', '<', lastSeenAt)
            .execute();
      },
      { durability: 'normal' },
    );
  }
  function cutWhatIsOver(): void {
    const now = clock.now();
    for (const session of directory.sessions()) {
      if (session.cut !== undefined && isOver(session, now)) session.cut.abort();
    }
  }
  async function look(isTimeToSave: boolean): Promise<void> {
    if (isTimeToSave) await saveSeen();
    if (database.kind === 'postgres' && (isTimeToSave || (await directory.isStale()))) await directory.refresh();
    cutWhatIsOver();
  }
  function use(session: SessionRecord | undefined): SessionCaller | 'ended' | undefined {
    if (session === undefined) return undefined;
    const now = clock.now();
    if (isOver(session, now)) return 'ended';
    session.lastSeenAt = now;
    dirty.add(session);
    return session.caller;
  }
  const csrfTokenOf = (token: string) => createHmac('sha256', token).update('csrf').digest('base64url');

  return {
    find: (token) => use(isSecretToken(token) ? directory.findSession(hashSecret(token)) : undefined),
    findById: (id) => use(directory.findSessionById(id)),
    async begin(query, personId, { address, program }, kind = 'browser') {
      const now = clock.now();
      const token = newSecretToken();
      const id = newId('session', now);
      const expiresAt = now + limits[kind].lifeMs;
      await query
        .deleteFrom('sessions')
        .where((row) =>
          row.or([
            row('ended_at', '<', now - REMEMBER_MS),
            row('expires_at', '<', now - REMEMBER_MS),
            row('last_seen_at', '<', now - limits.tokens.idleMs - REMEMBER_MS),
          ]),
        )
        .execute();
      await query
        .insertInto('sessions')
        .values({
          id,
          person_id: personId,
          kind,
          token_hash: hashSecret(token),
          created_at: now,
          last_seen_at: now,
          expires_at: expiresAt,
          ended_at: null,
          address,
          program: program.slice(0, 200),
        })
        .execute();
      await query.updateTable('people').set({ last_sign_in_at: now }).where('id', '=', personId).execute();
      return { id, token, csrfToken: csrfTokenOf(token), expiresAt };
    },
    csrfTokenOf,
    ownerOf(ownerId) {
      if (!ownerId.startsWith(PERSON_PREFIX)) return undefined;
      const person = directory.find(ownerId);
      if (person?.state !== 'active') return 'nobody';
      const owner = owners.get(person) ?? { permissions: permissionsOf(person.role), models: person.models, quota: toQuota(person) };
      owners.set(person, owner);
      return owner;
    },
    list: (personId, currentId) =>
      open()
        .filter((session) => session.personId === personId)
        .map((session) => ({
          id: session.id,
          kind: session.kind,
          isCurrent: session.id === currentId,
          createdAt: toTime(session.createdAt),
          lastSeenAt: toTime(session.lastSeenAt),
          expiresAt: toTime(session.expiresAt),
          address: session.address,
          program: session.program,
        })),
    async end(personId, sessionId) {
      const session = open().find(({ id }) => id === sessionId);
      if (session?.personId !== personId) throw new ClusterError('session_not_found', 'This person has no such session.');
      await directory.change((query) =>
        query.updateTable('sessions').set({ ended_at: clock.now() }).where('id', '=', sessionId).where('ended_at', 'is', null).execute(),
      );
    },
    endAll: (personId, exceptId) => directory.change((query) => endSessionsOf(query, personId, clock.now(), exceptId)),
    async run(signal) {
      const warn = (error: unknown) => log.warn({ err: error }, 'Sessions could not be compared with the database');
      let savedAt = clock.now();
      while (!signal.aborted) {
        await clock.sleep(LOOK_EVERY_MS, signal).catch(() => {});
        if (signal.aborted) break;
        const isTimeToSave = clock.now() - savedAt >= SAVE_EVERY_MS;
        if (isTimeToSave) savedAt = clock.now();
        await look(isTimeToSave).catch(warn);
      }
      await saveSeen().catch(warn);
    },
  };
}
