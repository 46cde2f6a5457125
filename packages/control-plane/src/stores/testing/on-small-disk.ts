import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** In a mount namespace of its own, so that nobody else sees the disk and it goes away with the process. */
const unshare = process.getuid?.() === 0 ? ['-m'] : ['-rm'];

/** Whether this machine lets us mount a small disk; says so when it does not. */
export async function canMountSmallDisk(): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), 'cluster-ai-mount-'));
  try {
    await run('unshare', [...unshare, 'mount', '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder]);
    return true;
  } catch {
    process.stderr.write('Tests on a full disk are skipped: this user may not mount a file system in a namespace.\n');
    return false;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Runs a script with a disk of that size as its first argument, and gives what it prints as JSON. */
export async function runOnSmallDisk(script: string, sizeMiB: number, ...more: readonly string[]): Promise<unknown> {
  const folder = await mkdtemp(join(tmpdir(), 'cluster-ai-disk-'));
  try {
    const shell = `mount -t tmpfs -o size=${sizeMiB}m tmpfs "$1" && shift && exec "$@"`;
    const command = [process.execPath, '--disable-warning=ExperimentalWarning', script, folder, ...more];
    const { stdout } = await run('unshare', [...unshare, 'sh', '-c', shell, 'sh', folder, ...command]);
    return JSON.parse(stdout);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
