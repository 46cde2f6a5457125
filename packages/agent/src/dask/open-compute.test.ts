import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type DaskBench, isServing, openDaskBench, untilGone, untilReport } from './testing/dask-bench.ts';
import { findTestEnvironment } from './testing/find-environment.ts';

const environment = await findTestEnvironment();
const made = environment as NonNullable<typeof environment>; // whatever uses it is skipped without
const whereAmI = `
def main(_):
    import os
    return {"worker": os.getpid(), "nanny": os.getppid()}
`;
type Processes = { readonly worker: number; readonly nanny: number };

describe.skipIf(environment === undefined)('the worker of a node', () => {
  let bench: DaskBench;
  beforeAll(async () => {
    bench = await openDaskBench(made);
    await bench.startScheduler();
  });
  afterAll(() => bench[Symbol.asyncDispose]());
  const whereOn = async (name: string) => (await bench.run({ source: whereAmI, resources: { [`NODE_${name}`]: 1 } })) as Processes;
  const specOn = (name: string, wish = {}) => bench.spec({ name, resources: { [`NODE_${name}`]: 1 }, ...wish });

  test('is there again after its process, its nanny or its scheduler was killed', async () => {
    await using node = await bench.openNode();
    await node.putWorker(specOn('kept'));
    await untilReport(node, isServing);
    const first = await whereOn('kept');

    process.kill(first.worker, 'SIGKILL');
    await untilReport(node, ({ restarts }) => restarts === 1);
    const second = await whereOn('kept');
    expect(second.nanny).toBe(first.nanny);
    expect(second.worker).not.toBe(first.worker);

    process.kill(second.nanny, 'SIGKILL');
    await untilReport(node, (report) => report.restarts === 2 && isServing(report));
    const third = await whereOn('kept');
    expect(third.nanny).not.toBe(first.nanny);
    await untilGone(second.worker);

    await bench.killScheduler();
    await untilReport(node, ({ condition }) => condition.reason === 'scheduler_starting');
    await bench.startScheduler();
    await untilReport(node, isServing);
    expect((await whereOn('kept')).nanny).not.toBe(third.nanny);
    expect(node.report()?.versions).toEqual(made.versions);
  });

  test('hands its data over when it retires, and leaves no process behind', async () => {
    await using one = await bench.openNode();
    await using other = await bench.openNode();
    await one.putWorker(specOn('one'));
    await untilReport(one, isServing);
    const processes = await whereOn('one');
    await bench.hold({ source: whereAmI, resources: { NODE_one: 1 } });
    await other.putWorker(specOn('other'));
    await untilReport(other, isServing);

    const last = await one.retireWorker(2);
    expect(last?.condition).toMatchObject({ state: 'stopped', reason: 'worker_retiring' });
    expect(one.report()).toBeUndefined();
    expect(await bench.heldValue()).toEqual(processes); // worked out again it would name another process
    for (const pid of [processes.worker, processes.nanny]) await untilGone(pid);
  });

  test('obeys the newest order only, and starts anew for other work alone', async () => {
    await using node = await bench.openNode();
    await node.putWorker(specOn('fenced', { fence: 5 }));
    await untilReport(node, isServing);
    const { nanny } = await whereOn('fenced');
    expect(await node.putWorker(specOn('fenced', { fence: 6 }))).toMatchObject({ fence: 6, condition: { state: 'ready' } });
    expect((await whereOn('fenced')).nanny).toBe(nanny);
    await expect(node.putWorker(specOn('fenced', { fence: 5 }))).rejects.toMatchObject({ code: 'stale_order' });
    await expect(node.retireWorker(5)).rejects.toMatchObject({ code: 'stale_order' });
    await node.putWorker(specOn('fenced', { fence: 7, threads: 2 }));
    await untilReport(node, isServing);
    expect((await whereOn('fenced')).nanny).not.toBe(nanny);
    await node.retireWorker(7);
    await expect(node.putWorker(specOn('fenced', { fence: 7 }))).rejects.toMatchObject({ code: 'stale_order' });
  });

  test('attack C3: demands a certificate wherever it listens, and shows nothing of itself beyond loopback', async () => {
    await using node = await bench.openNode();
    await node.putWorker(specOn('listening', { host: '127.0.0.2' }));
    await untilReport(node, isServing);
    const source = `
def main(_):
    import os, psutil
    found = [socket for pid in (os.getpid(), os.getppid()) for socket in psutil.Process(pid).net_connections("tcp")]
    return [[socket.laddr.ip, socket.laddr.port] for socket in found if socket.status == psutil.CONN_LISTEN]
`;
    const places = (await bench.run({ source, resources: { NODE_listening: 1 } })) as [string, number][];
    const outside = places.filter(([host]) => host !== '127.0.0.1');
    expect(outside.map(([host]) => host)).toEqual(['127.0.0.2', '127.0.0.2']); // worker and nanny
    for (const [host, port] of outside) {
      const stranger = connect({ host, port, rejectUnauthorized: false });
      await expect(once(stranger, 'end')).rejects.toMatchObject({ code: 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED' });
    }
  });

  test('gets files by digest, each from the control plane once, and nobody without its token does', async () => {
    const bytes = Buffer.from('weights of a model');
    const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
    const path = join(bench.folder, 'weights');
    writeFileSync(path, bytes);
    const wanted: string[] = [];
    const weights = {
      hold: () => ({ [Symbol.dispose]() {} }),
      async ensure(file: { readonly digest: string }) {
        wanted.push(file.digest);
        return path;
      },
    };
    await using node = await bench.openNode({ weights });
    await node.putWorker(specOn('reader'));
    await untilReport(node, isServing);
    const source = `
def main(path):
    import urllib.error, urllib.request
    from distributed import get_worker
    door = get_worker().cluster_ai["blobs"]
    def get(token):
        request = urllib.request.Request(door["url"] + path, headers={"authorization": f"Bearer {token}"})
        try:
            return urllib.request.urlopen(request).read().decode()
        except urllib.error.HTTPError as error:
            return error.code
    return [get(door["token"]), get(""), get(door["token"][:-1])]
`;
    const task = { source, argument: `/${digest}?sizeBytes=${bytes.length}`, resources: { NODE_reader: 1 } };
    expect(await bench.run(task)).toEqual([bytes.toString(), 401, 401]);
    expect(wanted).toEqual([digest]);
    expect(await bench.run({ ...task, argument: '/../secrets' })).toEqual([404, 401, 401]);
  });
});

describe.skipIf(environment === undefined)('a node that cannot run the worker that was ordered', () => {
  test('says so at once: another Python, other versions of Dask, or folders that hold its own', async () => {
    await using bench = await openDaskBench(made);
    await bench.startScheduler();
    await using node = await bench.openNode();
    await node.putWorker(bench.spec({ python: '3.9' }));
    await untilReport(node, ({ condition }) => condition.reason === 'python_differs');
    await node.putWorker(bench.spec({ fence: 2, lock: 'another' }));
    await untilReport(node, ({ condition }) => condition.reason === 'environment_failed');
    mkdirSync(join(node.dataFolder, 'secrets'));
    await node.putWorker(bench.spec({ fence: 3, dataFolders: [bench.folder] }));
    await untilReport(node, ({ condition }) => condition.reason === 'no_sandbox');
    expect(node.report()?.condition).toMatchObject({ state: 'stopped', message: expect.stringContaining('compute.dataFolders') });
  });
});
