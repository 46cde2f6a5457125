import { randomBytes } from 'node:crypto';
import { ClusterError, type TotpSeed } from '@cluster-ai/contracts';
import type { Clock } from '@cluster-ai/runtime';
import { generateSecret, generateURI, verifySync } from 'otplib';
import type { Database, Query } from '../../stores/database.ts';
import type { Directory } from './directory.ts';
import type { PersonRecord } from './person-record.ts';
import type { SecretBox } from './secret-box.ts';
import { hashSecret } from './secret-token.ts';

/** Of RFC 6238, and what every app assumes. */
const PERIOD_S = 30;
/** One step either way: clocks of telephones are not ours. */
const TOLERANCE_S = 30;
const RECOVERY_CODES = 10;
const PURPOSE = 'totp';

/** A code that is right and was not used before: which one it is, so that it can be marked as used within the sign-in's transaction. */
export type CheckedCode = { readonly type: 'step'; readonly step: number } | { readonly type: 'recovery'; readonly codeHash: string };

/** The second factor of people: codes of an app, and recovery codes for the day when the telephone is gone. */
export interface Totp {
  /** A new seed, which does nothing before a code of it was confirmed. Throws `already_exists` when the person has one that works. */
  enrol(person: PersonRecord, issuer: string): Promise<TotpSeed>;
  /** Switches it on, and gives the recovery codes, which are told once. Throws `credentials_invalid`. */
  confirm(person: PersonRecord, code: string): Promise<readonly string[]>;
  disable(personId: string): Promise<void>;
  /** Whether the code is right. `undefined`: it is not, or it was used already. */
  check(personId: string, code: string): Promise<CheckedCode | undefined>;
  /** Marks it as used. False: somebody else was faster. */
  use(query: Query, personId: string, checked: CheckedCode): Promise<boolean>;
}

const placeOf = (personId: string) => ({ table: 'totp_seeds', column: 'seed', row: personId });
const wrongCode = () =>
  new ClusterError('credentials_invalid', 'The code is not right.', { param: 'code', hint: 'Wait for the next one.' });

const newRecoveryCode = () =>
  randomBytes(10)
    .toString('hex')
    .replace(/(.{5})(?=.)/g, '$1-');
const hashRecoveryCode = (code: string) => hashSecret(code.replace(/[^0-9a-z]/gi, '').toLowerCase());

export interface TotpDependencies {
  readonly database: Database;
  readonly directory: Directory;
  readonly secrets: SecretBox;
  readonly clock: Clock;
}

/** The time step whose code this is, unless it is not newer than the last one that was used. */
function findStep(secret: string, code: string, lastStep: number, nowMs: number): number | undefined {
  if (!/^\d{6}$/.test(code)) return undefined;
  const epoch = Math.floor(nowMs / 1000);
  const result = verifySync({ secret, token: code, epoch, period: PERIOD_S, epochTolerance: TOLERANCE_S });
  if (!result.valid) return undefined;
  const step = Math.floor(epoch / PERIOD_S) + result.delta;
  return step > lastStep ? step : undefined;
}

export function createTotp({ database, directory, secrets, clock }: TotpDependencies): Totp {
  const findSeed = (personId: string) =>
    database.query.selectFrom('totp_seeds').selectAll().where('person_id', '=', personId).executeTakeFirst();
  const openSeed = async (personId: string, seed: Uint8Array) => (await secrets.open(PURPOSE, placeOf(personId), seed)).toString('utf8');

  async function checkStep(personId: string, code: string, isConfirmed: boolean): Promise<number | undefined> {
    const row = await findSeed(personId);
    if (row === undefined || (row.confirmed_at !== null) !== isConfirmed) return undefined;
    return findStep(await openSeed(personId, row.seed), code, row.last_step, clock.now());
  }
  async function useStep(query: Query, personId: string, step: number): Promise<boolean> {
    const changed = await query
      .updateTable('totp_seeds')
      .set({ last_step: step })
      .where('person_id', '=', personId)
      .where('last_step', '<', step)
      .executeTakeFirst();
    return changed.numUpdatedRows > 0n;
  }

  return {
    async enrol(person, issuer) {
      if (person.hasTotp)
        throw new ClusterError('already_exists', 'Codes are switched on already.', {
          hint: 'Switch them off first to use another telephone.',
        });
      const secret = generateSecret();
      const seed = await secrets.seal(PURPOSE, placeOf(person.id), Buffer.from(secret));
      await directory.change(async (query) => {
        await query.deleteFrom('totp_seeds').where('person_id', '=', person.id).where('confirmed_at', 'is', null).execute();
        await query.insertInto('totp_seeds').values({ person_id: person.id, seed, confirmed_at: null, last_step: 0 }).execute();
      });
      return { secret, uri: generateURI({ issuer, label: person.name, secret }) };
    },
    async confirm(person, code) {
      const step = await checkStep(person.id, code, false);
      if (step === undefined) throw wrongCode();
      const codes = Array.from({ length: RECOVERY_CODES }, newRecoveryCode);
      await directory.change(async (query) => {
        if (!(await useStep(query, person.id, step))) throw wrongCode();
        await query.updateTable('totp_seeds').set({ confirmed_at: clock.now() }).where('person_id', '=', person.id).execute();
        await query.deleteFrom('recovery_codes').where('person_id', '=', person.id).execute();
        await query
          .insertInto('recovery_codes')
          .values(codes.map((text) => ({ person_id: person.id, code_hash: hashRecoveryCode(text), used_at: null })))
          .execute();
      });
      return codes;
    },
    disable: (personId) =>
      directory.change(async (query) => {
        await query.deleteFrom('totp_seeds').where('person_id', '=', personId).execute();
        await query.deleteFrom('recovery_codes').where('person_id', '=', personId).execute();
      }),
    async check(personId, code) {
      const step = await checkStep(personId, code, true);
      if (step !== undefined) return { type: 'step', step };
      const codeHash = hashRecoveryCode(code);
      const row = await database.query
        .selectFrom('recovery_codes')
        .select('code_hash')
        .where('person_id', '=', personId)
        .where('code_hash', '=', codeHash)
        .where('used_at', 'is', null)
        .executeTakeFirst();
      return row === undefined ? undefined : { type: 'recovery', codeHash };
    },
    async use(query, personId, checked) {
      if (checked.type === 'step') return useStep(query, personId, checked.step);
      const changed = await query
        .updateTable('recovery_codes')
        .set({ used_at: clock.now() })
        .where('person_id', '=', personId)
        .where('code_hash', '=', checked.codeHash)
        .where('used_at', 'is', null)
        .executeTakeFirst();
      return changed.numUpdatedRows > 0n;
    },
  };
}
