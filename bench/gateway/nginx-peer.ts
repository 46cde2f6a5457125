import { fork } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { childrenOf } from '../../test/support/start-cluster.ts';
import { startNginx } from '../../test/support/start-nginx.ts';

/** nginx in front of a small backend that replays the same bytes at the same pace. */
export async function startNginxPeer(recording: { readonly json: string; readonly events: readonly string[]; readonly everyMs: number }) {
  const backend = fork(join(import.meta.dirname, 'replay-backend.ts'), [JSON.stringify(recording)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const [{ port: backendPort }] = (await once(backend, 'message')) as [AddressInfo];
  const nginx = await startNginx({ backendPort });
  return {
    url: `http://127.0.0.1:${nginx.port}`,
    pids: [nginx.pid, ...(await childrenOf(nginx.pid)).map((worker) => worker.pid)],
    async [Symbol.asyncDispose]() {
      await nginx[Symbol.asyncDispose]();
      backend.disconnect();
    },
  };
}
