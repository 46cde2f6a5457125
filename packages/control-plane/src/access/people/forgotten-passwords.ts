import type { MailLanguage } from '@cluster-ai/contracts';
import type { Clock, Logger } from '@cluster-ai/runtime';
import type { LinkLetters } from '../../mail/link-letters.ts';
import type { Act } from '../audit/act.ts';
import { addMailedLink, type WriteLetter } from './add-mailed-link.ts';
import type { Directory } from './directory.ts';
import type { PersonRecord } from './person-record.ts';

/** Mails a link for a new password to who asks for one without being signed in. */
export interface ForgottenPasswords {
  /**
   * Returns before anything is looked up, so that neither the answer nor its time tells whether there is such a person. `nameOrAddress` is
   * what somebody typed.
   */
  ask(nameOrAddress: string, language: MailLanguage | undefined, address: string): void;
}

export interface ForgottenPasswordsDependencies {
  readonly directory: Directory;
  readonly letters: LinkLetters;
  readonly acts: { run<T>(act: Act, work: () => Promise<T>): Promise<T> };
  readonly clock: Clock;
  readonly log: Logger;
}

const LINK_MS = 60 * 60_000;
/** One letter to one person; who asks more often fills nobody's mailbox. */
const ONE_EACH_MS = 5 * 60_000;
/** People who share an address. */
const MOST_AT_ONE_ADDRESS = 5;

const system: Act['actor'] = { kind: 'system', id: '', name: '', role: '' };

/** Who signs in elsewhere has no password here to forget, and who never had one needs an admin's link. */
const mayAsk = ({ state, kind, email, passwordHash }: PersonRecord) =>
  state === 'active' && kind === 'person' && email !== null && passwordHash !== null;

export function createForgottenPasswords(dependencies: ForgottenPasswordsDependencies): ForgottenPasswords {
  const { directory, letters, acts, clock, log } = dependencies;
  const lastAt = new Map<string, number>();

  function find(nameOrAddress: string): readonly PersonRecord[] {
    const text = nameOrAddress.normalize('NFKC').trim().toLowerCase();
    const isMeant = ({ name, email }: PersonRecord) => name === text || email?.toLowerCase() === text;
    return directory.list().filter(isMeant).filter(mayAsk).slice(0, MOST_AT_ONE_ADDRESS);
  }

  function isTooSoon({ id }: PersonRecord): boolean {
    const now = clock.now();
    for (const [other, at] of lastAt) if (at + ONE_EACH_MS <= now) lastAt.delete(other);
    if (lastAt.has(id)) return true;
    lastAt.set(id, now);
    return false;
  }

  /** The old password and all sessions stay as they are until the link is used: anybody can ask. */
  async function sendLink({ id, name, email }: PersonRecord, language: MailLanguage | undefined): Promise<void> {
    const letter = { kind: 'forgotten', to: email ?? '', personName: name, target: id, language } as const;
    const write: WriteLetter = (link, about) => letters.prepare(link, { ...letter, linkId: about.id });
    await addMailedLink({ directory, clock }, { kind: 'password', personId: id, createdBy: id, ttlMs: LINK_MS }, write, async (query) => {
      await query.deleteFrom('one_use_links').where('created_by', '=', id).where('used_at', 'is', null).execute();
    });
  }

  async function work(nameOrAddress: string, language: MailLanguage | undefined, address: string): Promise<void> {
    for (const person of find(nameOrAddress)) {
      if (isTooSoon(person)) continue;
      const act: Act = { actor: system, address, action: 'forgotten password', requestId: '', target: person.id };
      await acts.run(act, () => sendLink(person, language));
    }
  }

  return {
    ask(nameOrAddress, language, address) {
      setImmediate(() => {
        work(nameOrAddress, language, address).catch((error: unknown) => {
          log.error({ err: error }, 'A link for a forgotten password could not be made');
        });
      });
    },
  };
}
