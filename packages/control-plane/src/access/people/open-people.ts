import type { Clock, Logger } from '@cluster-ai/runtime';
import type { Database } from '../../stores/database.ts';
import { openDirectory } from './directory.ts';
import { createPasswordHasher, type PasswordHasher } from './passwords/password-hasher.ts';
import { createPeople, type People, type PeopleDependencies } from './people.ts';
import type { SecretBox } from './secret-box.ts';
import { createSessions, type Sessions } from './sessions.ts';
import { createSignIn, type SignIn } from './sign-in.ts';
import { createSignInDelays } from './sign-in-delays.ts';
import { createTotp } from './totp.ts';

export interface OpenPeopleOptions extends Pick<PeopleDependencies, 'adopt' | 'describeAct'> {
  readonly database: Database;
  readonly secrets: SecretBox;
  readonly clock: Clock;
  readonly log: Logger;
  readonly clusterName: string;
  readonly hasher?: PasswordHasher;
}

export interface OpenedPeople extends AsyncDisposable {
  readonly people: People;
  readonly sessions: Sessions;
  readonly signIn: SignIn;
}

/** Reads everybody into memory. Whoever opens it runs `sessions.run` until the end. */
export async function openPeople({
  database,
  secrets,
  clock,
  log,
  clusterName,
  adopt,
  describeAct,
  hasher = createPasswordHasher(),
}: OpenPeopleOptions): Promise<OpenedPeople> {
  const directory = await openDirectory(database, clock);
  const sessions = createSessions({ directory, database, clock, log });
  const totp = createTotp({ database, directory, secrets, clock });
  const signIn = createSignIn({ directory, sessions, totp, hasher, delays: createSignInDelays(), clock });
  const people = createPeople({ directory, sessions, signIn, totp, hasher, clock, clusterName, adopt, describeAct });
  return { people, sessions, signIn, [Symbol.asyncDispose]: () => hasher[Symbol.asyncDispose]() };
}
