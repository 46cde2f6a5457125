// Runs other programs from the start scripts.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';

const forwarded = ['SIGINT', 'SIGTERM', 'SIGHUP'];

// only the program itself needs them, none of the steps before it
const withoutKeys = { CLUSTER_AI_KEY: undefined, CLUSTER_AI_KEY_PREVIOUS: undefined };

/**
 * Puts another program in our place as far as Node can: same terminal, signals handed on, its exit code becomes ours. The open
 * channel tells it when this process is killed, so that nothing is left behind. A signal that the terminal sent to the whole group
 * reaches it twice; the program takes the second one within a moment as the same.
 */
export function becomeProgram(command, args, environment = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['inherit', 'inherit', 'inherit', 'ipc'], env: { ...process.env, ...environment } });
    if (args.some((arg) => arg.startsWith('cai_join_'))) process.title = 'cluster-ai'; // every user of the machine can read arguments
    for (const signal of forwarded) process.on(signal, () => child.kill(signal));
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(signal === null ? code : 128 + constants.signals[signal]));
  });
}

// colours belong on a terminal only
const plain = process.stderr.isTTY ? {} : { NO_COLOR: '1', FORCE_COLOR: undefined };

/** Runs a step whose output is progress: all of it goes to standard error. Rejects when the step fails. */
export function runStep(command, args, { cwd, environment = {} } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, stdio: ['ignore', 2, 2], env: { ...process.env, ...withoutKeys, ...plain, ...environment } });
    child.once('error', reject);
    child.once('exit', (code, signal) =>
      code === 0 ? resolve() : reject(new Error(`"${[command, ...args].join(' ')}" ended with ${signal ?? `code ${code}`}.`)),
    );
  });
}
