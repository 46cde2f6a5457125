import { ClusterError, loginNameShape, type Role } from '@cluster-ai/contracts';
import type { Clock } from '@cluster-ai/runtime';
import type { Query } from '../../stores/database.ts';
import type { PersonRow } from '../../stores/tables.ts';
import type { Directory } from './directory.ts';
import type { PeopleDependencies } from './people.ts';
import { addPerson, countPeople, hasAdmin, toPersonRow } from './person-rows.ts';
import { endSessionsOf, type Origin, type Sessions } from './sessions.ts';
import type { SignedIn } from './sign-in.ts';

/** Whom a sign-in provider says somebody is. */
export interface ExternalIdentity {
  readonly issuer: string;
  /** The provider's own id of the person; names and addresses change hands, this does not. */
  readonly subject: string;
  /** What a newcomer would like to be called. */
  readonly name: string;
  readonly displayName: string;
  readonly email: string | null;
  /** `undefined`: nothing that the provider says gives the person a role here. */
  readonly role: Role | undefined;
}

/** Sign-in of people whom somebody else knows. */
export interface ExternalSignIn {
  /**
   * A session for whoever it is: the person who is tied to this identity, or a new one. The role is what the provider says today. Throws
   * `role_missing` (all sessions of the person have then ended), and `sign_in_refused` for somebody who is disabled here.
   */
  signIn(identity: ExternalIdentity, origin: Origin): Promise<SignedIn>;
}

export interface ExternalSignInDependencies extends Pick<PeopleDependencies, 'describeAct'> {
  readonly directory: Directory;
  readonly sessions: Sessions;
  readonly clock: Clock;
}

const TRIES = 100;

const roleMissing = () =>
  new ClusterError('role_missing', 'None of your groups at the sign-in provider has a role in this cluster.', {
    hint: 'Ask an admin to name one of your groups in access.oidc.roles, or to put you into one that is named there.',
  });
const disabled = () =>
  new ClusterError('sign_in_refused', 'Your login in this cluster is disabled.', { hint: 'An admin can enable it again.' });
const tooEarly = () =>
  new ClusterError('sign_in_refused', 'This cluster has no admin yet, and the first one does not come from a provider.', {
    hint: 'Use the link that the first start printed.',
  });

/** A name that can be one here, as near as possible to the one that was wished. */
function toLoginName(wish: string): string {
  const plain = wish
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^a-z0-9._@+-]+/g, '-')
    .replace(/^[^a-z0-9]+/, '')
    .slice(0, 58);
  return loginNameShape.safeParse(plain).data ?? 'person';
}

const hasName = async (query: Query, name: string) =>
  (await query.selectFrom('people').select('id').where('name', '=', name).executeTakeFirst()) !== undefined;

/** Nobody becomes somebody else by being called the same: who has the name already keeps it. */
async function findFreeName(query: Query, wish: string): Promise<string> {
  const name = toLoginName(wish);
  for (let number = 1; number < TRIES; number++) {
    const tried = number === 1 ? name : `${name}-${number}`;
    if (!(await hasName(query, tried))) return tried;
  }
  throw new ClusterError('already_exists', `Too many people are called "${name}".`, { param: 'name' });
}

const findPerson = (query: Query, { issuer, subject }: ExternalIdentity) =>
  query
    .selectFrom('external_identities')
    .innerJoin('people', 'people.id', 'external_identities.person_id')
    .selectAll('people')
    .where('issuer', '=', issuer)
    .where('subject', '=', subject)
    .executeTakeFirst();

export function createExternalSignIn({ directory, sessions, clock, describeAct }: ExternalSignInDependencies): ExternalSignIn {
  async function addNewcomer(query: Query, identity: ExternalIdentity, role: Role): Promise<PersonRow> {
    if ((await countPeople(query)) === 0) throw tooEarly();
    const name = await findFreeName(query, identity.name);
    const row = toPersonRow({ name, role, displayName: identity.displayName, email: identity.email }, null, clock.now());
    await addPerson(query, row);
    const { issuer, subject } = identity;
    await query.insertInto('external_identities').values({ issuer, subject, person_id: row.id, created_at: clock.now() }).execute();
    return row;
  }

  /** The last admin stays one: a group that was renamed must not lock everybody out. */
  async function followRole(query: Query, person: PersonRow, role: Role): Promise<Role> {
    if (person.role === role) return role;
    if (person.role === 'admin' && !(await hasAdmin(query, person.id))) return 'admin';
    await query.updateTable('people').set({ role }).where('id', '=', person.id).execute();
    return role;
  }

  async function enter(query: Query, identity: ExternalIdentity, role: Role, origin: Origin): Promise<SignedIn> {
    const person = (await findPerson(query, identity)) ?? (await addNewcomer(query, identity, role));
    if (person.state !== 'active') throw disabled();
    const given = await followRole(query, person, role);
    describeAct({ target: person.id, details: { role: given, before: person.role, issuer: identity.issuer } });
    return { ...(await sessions.begin(query, person.id, origin)), personId: person.id };
  }

  /** Whoever left all groups is out, here too. */
  async function refuse(identity: ExternalIdentity): Promise<never> {
    const person = await directory.read((query) => findPerson(query, identity));
    if (person !== undefined) {
      describeAct({ target: person.id, details: { refused: 'role_missing', issuer: identity.issuer } });
      await directory.change((query) => endSessionsOf(query, person.id, clock.now()));
    }
    throw roleMissing();
  }

  return {
    signIn: async (identity, origin) => {
      const { role } = identity;
      return role === undefined ? refuse(identity) : directory.change((query) => enter(query, identity, role, origin));
    },
  };
}
