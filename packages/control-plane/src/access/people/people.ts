import {
  type AddPasskeyInput,
  ClusterError,
  type KeyLimits,
  type OneUseLink,
  type Passkey,
  type PasskeyOptions,
  type Person,
  type RecoveryCodes,
  type Role,
  type TotpSeed,
} from '@cluster-ai/contracts';
import type { Clock } from '@cluster-ai/runtime';
import type { Query } from '../../stores/database.ts';
import type { PersonRow } from '../../stores/tables.ts';
import { addMailedLink, type WriteLetter } from './add-mailed-link.ts';
import type { Directory } from './directory.ts';
import { addLink, findLink, type LinkWish, useLink } from './one-use-links.ts';
import type { Passkeys, Site } from './passkeys.ts';
import { checkNewPassword } from './passwords/check-password.ts';
import type { PasswordHasher } from './passwords/password-hasher.ts';
import { type PersonRecord, toPerson } from './person-record.ts';
import { addPerson, countPeople, keepAnAdmin, toPersonRow } from './person-rows.ts';
import { endSessionsOf, type Origin, type Sessions } from './sessions.ts';
import type { DescribeAct, SignedIn, SignIn } from './sign-in.ts';
import type { Totp } from './totp.ts';

const DAY_MS = 24 * 60 * 60_000;
const SETUP_MS = DAY_MS;
const PASSWORD_LINK_MS = 7 * DAY_MS;

export interface Newcomer {
  readonly token: string;
  readonly name: string;
  readonly password: string;
  readonly displayName: string;
}
export interface PersonWish {
  readonly name: string;
  readonly role: Role;
  readonly displayName: string;
  readonly email: string | null;
}
export interface ServiceWish {
  readonly name: string;
  readonly role: Role;
  readonly displayName: string;
  readonly models: readonly string[] | null;
  readonly limits: KeyLimits;
}
export interface PersonChange {
  readonly role?: Role | undefined;
  readonly state?: Person['state'] | undefined;
  readonly displayName?: string | undefined;
  readonly email?: string | null | undefined;
  readonly models?: readonly string[] | null | undefined;
  readonly limits?: KeyLimits | undefined;
}
export interface ProfileChange extends Pick<PersonChange, 'displayName' | 'email'> {
  readonly currentPassword?: string | undefined;
  readonly password?: { readonly old: string; readonly new: string } | undefined;
}

/** Everybody who may sign in. A person is meant by id or name. */
export interface People {
  /** How many have a login. From memory. */
  count(): number;
  list(): readonly Person[];
  /** Throws `person_not_found`. */
  get(idOrName: string): Person;

  /** A link for the first admin while there is nobody; `undefined` afterwards. */
  openSetup(): Promise<OneUseLink | undefined>;
  isSetupOpen(): boolean;
  /** The first admin. Throws `setup_closed` once there is somebody, `link_invalid`, `invalid_request` for a weak password. */
  setUp(newcomer: Newcomer, origin: Origin): Promise<SignedIn>;

  /** A link by which one newcomer makes a login of this role. */
  invite(wish: { readonly role: Role; readonly ttlSeconds: number }, by: string, write?: WriteLetter): Promise<OneUseLink>;
  /** Throws `link_invalid`, `already_exists` for a taken name, `invalid_request` for a weak password. */
  acceptInvitation(newcomer: Newcomer, origin: Origin): Promise<SignedIn>;
  /** A login without a password, and the link by which the person chooses one. Throws `already_exists`. */
  create(wish: PersonWish, by: string, write?: WriteLetter): Promise<{ readonly person: Person; readonly link: OneUseLink }>;
  /** An account for programs: it has keys, and no way to sign in. Throws `already_exists`. */
  createService(wish: ServiceWish): Promise<Person>;
  /** Takes the password and all passkeys away, ends all sessions, and gives the link for a new password. Throws `person_not_found`, `conflict` for a service account. */
  resetPassword(idOrName: string, by: string, write?: WriteLetter): Promise<OneUseLink>;
  /**
   * Throws `link_invalid`, `invalid_request` for a weak password; for a link that the person asked for by mail, where codes are on, also
   * `second_factor_required` and `credentials_invalid`.
   */
  choosePassword(
    choice: { readonly token: string; readonly password: string; readonly code?: string | undefined },
    origin: Origin,
  ): Promise<SignedIn>;

  /** Takes effect at once, in what is open too. Throws `person_not_found`, `conflict` when nobody would be left who may do everything. */
  update(idOrName: string, change: PersonChange): Promise<Person>;
  /** With whatever else belongs to the person and goes in the same transaction. Throws as `update`. */
  remove(idOrName: string, also?: (query: Query) => Promise<void>): Promise<void>;
  /**
   * What people may change themselves. A new password and a new e-mail address need the old password, and a new password ends all other
   * sessions. Throws as `SignIn.provePassword`, and `invalid_request` without the old password.
   */
  updateOwn(personId: string, change: ProfileChange, current: { readonly sessionId: string; readonly origin: Origin }): Promise<Person>;

  /** A passkey is as good as a password, so that the password is asked for. Throws `credentials_invalid`. */
  beginPasskey(personId: string, password: string, site: Site, origin: Origin): Promise<PasskeyOptions>;
  addPasskey(personId: string, wish: AddPasskeyInput, site: Site): Promise<Passkey>;

  enrolTotp(personId: string): Promise<TotpSeed>;
  confirmTotp(personId: string, code: string): Promise<RecoveryCodes>;
  disableTotp(personId: string, password: string, origin: Origin): Promise<void>;
}

export interface PeopleDependencies {
  readonly directory: Directory;
  readonly sessions: Sessions;
  readonly signIn: SignIn;
  readonly totp: Totp;
  readonly passkeys: Passkeys;
  readonly hasher: PasswordHasher;
  readonly clock: Clock;
  readonly clusterName: string;
  /** What belonged to nobody before there were people becomes the first admin's, in the same transaction. */
  readonly adopt: (query: Query, personId: string) => Promise<void>;
  readonly describeAct: DescribeAct;
}

const notFound = (idOrName: string) =>
  new ClusterError('person_not_found', `There is no person "${idOrName.slice(0, 100)}".`, { hint: 'See `cluster-ai users ls`.' });
const setupClosed = () =>
  new ClusterError('setup_closed', 'This cluster has its first admin already.', { hint: 'Sign in, or ask an admin for an invitation.' });

const passwordLink = (personId: string, createdBy: string): LinkWish => ({
  kind: 'password',
  personId,
  createdBy,
  ttlMs: PASSWORD_LINK_MS,
});

const hasNoPassword = (name: string) =>
  new ClusterError('conflict', `"${name}" is a service account: nobody signs in with it.`, {
    hint: `Make a key for it: cluster-ai keys create NAME --owner ${name}`,
  });

const without = <T extends object>(value: T) => Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== undefined));

export function createPeople(dependencies: PeopleDependencies): People {
  const { directory, sessions, signIn, totp, passkeys, hasher, clock, adopt, describeAct } = dependencies;

  function find(idOrName: string): PersonRecord {
    const found = directory.find(idOrName) ?? directory.findByName(idOrName.toLowerCase());
    if (found === undefined) throw notFound(idOrName);
    return found;
  }
  /** Links for new passwords go to that address, so that a session alone must not change it. */
  async function proveForAddress(person: PersonRecord, password: string | undefined, origin: Origin): Promise<void> {
    if (password === undefined)
      throw new ClusterError('invalid_request', 'A new e-mail address needs your password.', {
        param: 'currentPassword',
        hint: 'Links for new passwords go to that address.',
      });
    await signIn.provePassword(person, password, origin);
  }
  const tell = (id: string, details: Readonly<Record<string, unknown>> = {}) => describeAct({ target: id, details });

  /** A login of its own, in one transaction with the link that allows it and the first session. */
  async function addNewcomer(query: Query, newcomer: Newcomer, role: Role, passwordHash: string, origin: Origin): Promise<SignedIn> {
    const row = toPersonRow({ ...newcomer, role, email: null }, passwordHash, clock.now());
    await addPerson(query, row);
    tell(row.id, { role });
    return { ...(await sessions.begin(query, row.id, origin)), personId: row.id };
  }

  return {
    count: directory.count,
    list: () => directory.list().map(toPerson),
    get: (idOrName) => toPerson(find(idOrName)),

    openSetup: () =>
      directory.change(async (query) =>
        (await countPeople(query)) > 0 ? undefined : addLink(query, { kind: 'setup', createdBy: 'system', ttlMs: SETUP_MS }, clock),
      ),
    isSetupOpen: () => directory.count() === 0,
    async setUp(newcomer, origin) {
      if (directory.count() > 0) throw setupClosed();
      const password = checkNewPassword(newcomer.password, newcomer.name);
      // strangers cost us no hash; who comes a moment too late hears that, not that the link is wrong
      await directory.read((query) =>
        findLink(query, 'setup', newcomer.token, clock.now()).catch(async (error: unknown) => {
          throw (await countPeople(query)) > 0 ? setupClosed() : error;
        }),
      );
      const hash = await hasher.hash(password);
      return directory.change(async (query) => {
        if ((await countPeople(query)) > 0) throw setupClosed();
        await useLink(query, 'setup', newcomer.token, clock.now());
        const signedIn = await addNewcomer(query, newcomer, 'admin', hash, origin);
        await adopt(query, signedIn.personId);
        return signedIn;
      });
    },

    invite: ({ role, ttlSeconds }, by, write) =>
      addMailedLink(dependencies, { kind: 'invitation', role, createdBy: by, ttlMs: ttlSeconds * 1000 }, write, async () => {}),
    async acceptInvitation(newcomer, origin) {
      const password = checkNewPassword(newcomer.password, newcomer.name);
      await directory.read((query) => findLink(query, 'invitation', newcomer.token, clock.now()));
      const hash = await hasher.hash(password);
      return directory.change(async (query) => {
        const link = await useLink(query, 'invitation', newcomer.token, clock.now());
        return addNewcomer(query, newcomer, link.role ?? 'viewer', hash, origin);
      });
    },
    async create(wish, by, write) {
      const row = toPersonRow(wish, null, clock.now());
      const link = await addMailedLink(dependencies, passwordLink(row.id, by), write, async (query) => {
        await addPerson(query, row);
        tell(row.id, { role: row.role });
      });
      return { person: toPerson(find(row.id)), link };
    },
    async createService({ models, limits, ...wish }) {
      const row: PersonRow = {
        ...toPersonRow({ ...wish, email: null }, null, clock.now()),
        kind: 'service',
        models_json: models === null ? null : JSON.stringify(models),
        limits_json: JSON.stringify(limits),
      };
      await directory.change(async (query) => {
        await addPerson(query, row);
        tell(row.id, { name: row.name, role: row.role, kind: 'service', models, limits });
      });
      return toPerson(find(row.id));
    },
    async resetPassword(idOrName, by, write) {
      const { id, kind, name } = find(idOrName);
      if (kind === 'service') throw hasNoPassword(name);
      return addMailedLink(dependencies, passwordLink(id, by), write, async (query) => {
        tell(id);
        await query.updateTable('people').set({ password_hash: null }).where('id', '=', id).execute();
        await query.deleteFrom('passkeys').where('person_id', '=', id).execute();
        await query.deleteFrom('one_use_links').where('person_id', '=', id).where('used_at', 'is', null).execute();
        await endSessionsOf(query, id, clock.now());
      });
    },
    async choosePassword({ token, password: typed, code }, origin) {
      const { person_id: personId, created_by: by } = await directory.read((query) => findLink(query, 'password', token, clock.now()));
      const person = find(personId ?? '');
      // who asked for the link has proved no more than to read the person's mail
      const burnCode = by === person.id ? await signIn.proveCode(person, code) : undefined;
      const hash = await hasher.hash(checkNewPassword(typed, person.name));
      return directory.change(async (query) => {
        await useLink(query, 'password', token, clock.now());
        await burnCode?.(query);
        tell(person.id);
        const changed = await query
          .updateTable('people')
          .set({ password_hash: hash })
          .where('id', '=', person.id)
          .where('state', '=', 'active')
          .executeTakeFirst();
        if (changed.numUpdatedRows === 0n) throw notFound(person.name);
        await endSessionsOf(query, person.id, clock.now());
        return { ...(await sessions.begin(query, person.id, origin)), personId: person.id };
      });
    },

    async update(idOrName, change) {
      const { id } = find(idOrName);
      const { displayName, models, limits, ...rest } = change;
      const values = without({
        ...rest,
        display_name: displayName,
        models_json: models && JSON.stringify(models),
        limits_json: limits && JSON.stringify(limits),
      });
      await directory.change(async (query) => {
        tell(id, without({ role: change.role, state: change.state, models, limits }));
        if (Object.keys(values).length > 0)
          await keepAnAdmin(query, () => query.updateTable('people').set(values).where('id', '=', id).execute());
        if (change.state === 'disabled') await endSessionsOf(query, id, clock.now());
      });
      return toPerson(find(id));
    },
    async remove(idOrName, also = async () => {}) {
      const { id } = find(idOrName);
      await directory.change(async (query) => {
        tell(id);
        await keepAnAdmin(query, () => query.deleteFrom('people').where('id', '=', id).execute());
        await query.deleteFrom('usage_counters').where('subject', '=', id).execute();
        await also(query);
      });
    },
    async updateOwn(personId, { password, displayName, email, currentPassword }, { sessionId, origin }) {
      const person = find(personId);
      const isNewAddress = email !== undefined && email !== person.email && person.passwordHash !== null;
      if (isNewAddress && password === undefined) await proveForAddress(person, currentPassword, origin);
      if (password !== undefined) await signIn.provePassword(person, password.old, origin);
      const hash = password === undefined ? undefined : await hasher.hash(checkNewPassword(password.new, person.name));
      const values = without({ display_name: displayName, email, password_hash: hash });
      await directory.change(async (query) => {
        tell(personId, { changed: Object.keys(values) });
        if (Object.keys(values).length > 0) await query.updateTable('people').set(values).where('id', '=', personId).execute();
        if (hash !== undefined) await endSessionsOf(query, personId, clock.now(), sessionId);
      });
      return toPerson(find(personId));
    },

    async beginPasskey(personId, password, site, origin) {
      const person = find(personId);
      await signIn.provePassword(person, password, origin);
      return passkeys.begin(person, site);
    },
    addPasskey: (personId, wish, site) => passkeys.add(find(personId), wish, site),

    enrolTotp: (personId) => totp.enrol(find(personId), `Cluster AI (${dependencies.clusterName})`),
    confirmTotp: async (personId, code) => ({ recoveryCodes: [...(await totp.confirm(find(personId), code))] }),
    async disableTotp(personId, password, origin) {
      await signIn.provePassword(find(personId), password, origin);
      await totp.disable(personId);
    },
  };
}
