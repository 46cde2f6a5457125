import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const cli = join(import.meta.dirname, '../../../packages/cli/src/main.ts');

/** Another machine, as far as the cluster can tell: an agent with a data folder of its own that joins with a token. */
export async function startAgent(address: string, token: string, folder: string): Promise<AsyncDisposable> {
  const child = spawn(process.execPath, [cli, 'join', address, '--token', token, '--name', 'second', '--data-dir', folder], {
    stdio: 'ignore',
    env: { ...process.env, LANG: 'C' },
  });
  await once(child, 'spawn');
  return {
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}
