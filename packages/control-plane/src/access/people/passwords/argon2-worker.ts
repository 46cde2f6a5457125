import { setPriority } from 'node:os';
import { parentPort } from 'node:worker_threads';
import { hashSync, verifySync } from '@node-rs/argon2';
import { argon2Parameters } from './argon2-parameters.ts';

// one hash after the other, behind everything else that the machine does: a flood of sign-ins must not slow anybody down

export type Argon2Job =
  | { readonly type: 'hash'; readonly password: string }
  | { readonly type: 'verify'; readonly password: string; readonly hash: string };
export interface Argon2Request {
  readonly id: number;
  readonly job: Argon2Job;
}
export type Argon2Answer = { readonly id: number; readonly result: string | boolean } | { readonly id: number; readonly failure: string };

const LOW_PRIORITY = 10;
if (process.platform === 'linux') setPriority(LOW_PRIORITY); // there it is the thread's own; elsewhere it would be the whole process's

const run = (job: Argon2Job): string | boolean =>
  job.type === 'hash' ? hashSync(job.password, argon2Parameters) : verifySync(job.hash, job.password);

function answer({ id, job }: Argon2Request): Argon2Answer {
  try {
    return { id, result: run(job) };
  } catch (error) {
    return { id, failure: error instanceof Error ? error.message : 'unknown' }; // of the library; it names no password
  }
}

parentPort?.on('message', (request: Argon2Request) => parentPort?.postMessage(answer(request)));
