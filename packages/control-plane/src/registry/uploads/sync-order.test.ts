import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';

const run = promisify(execFile);
const script = join(import.meta.dirname, '../testing/upload-once.ts');

async function canTrace(): Promise<boolean> {
  try {
    await run('strace', ['-f', '-o', '/dev/null', 'true']);
    return true;
  } catch {
    process.stderr.write('The order of calls to the disk is not traced: there is no strace that may (Debian: apt install strace).\n');
    return false;
  }
}

/** The calls that came to an end without an error, in the order in which they did, with the files behind the numbers. */
async function trace(root: string): Promise<readonly string[]> {
  const output = join(root, 'trace');
  const calls = 'trace=fsync,fdatasync,rename,renameat,renameat2,link,linkat,write';
  await run('strace', ['-f', '-y', '-s', '300', '-e', calls, '-o', output, process.execPath, script, join(root, 'data')]);
  const begun = new Map<string, string>(); // by thread: a call that another thread interrupted in the listing
  return (await readFile(output, 'utf8')).split('\n').flatMap((line) => {
    const [, thread = '', text = ''] = /^(\d+)\s+(.*)$/.exec(line) ?? [];
    if (text.endsWith('<unfinished ...>')) {
      begun.set(thread, text.slice(0, -'<unfinished ...>'.length));
      return [];
    }
    const whole = text.replace(/^<\.\.\. \w+ resumed>/, () => begun.get(thread) ?? '');
    return / = \d+(<.*>)?$/.test(whole) ? [whole] : [];
  });
}

test.skipIf(!(await canTrace()))(
  'before anybody hears of a blob: fsync of the file, rename, fsync of the folder, fsync of the row',
  async () => {
    const root = await mkdtemp(join(tmpdir(), 'cluster-ai-trace-'));
    onTestFinished(() => rm(root, { recursive: true, force: true }));
    const calls = await trace(root);
    const find = (pattern: RegExp, after = -1) => calls.findIndex((call, index) => index > after && pattern.test(call));
    const told = find(/^write\(1<.*acknowledged sha256:/);
    const synced = find(/^f(data)?sync\(\d+<[^>]*\/blobs\/uploads\/upload_/);
    const renamed = find(/^rename[^(]*\(.*\/blobs\/staging\/.*\/blobs\/sha256\/[0-9a-f]{2}\/[0-9a-f]{64}"/);
    const folderSynced = find(/^fsync\(\d+<[^>]*\/blobs\/sha256\/[0-9a-f]{2}>/, renamed);
    const rowSynced = find(/^f(data)?sync\(\d+<[^>]*\/state\.db-wal>/, folderSynced);
    const order = [synced, renamed, folderSynced, rowSynced, told];
    expect(
      order.every((index) => index >= 0),
      calls.join('\n'),
    ).toBe(true);
    expect(order).toEqual(order.toSorted((a, b) => a - b));
  },
);
