import { flushCompileCache } from 'node:module';
import { type ControlPlaneMessage, type ControlPlaneStart, toWireError } from '@cluster-ai/contracts';
import { endWithParent } from '@cluster-ai/runtime';
import { runControlPlane } from './main.ts';

// The process that a supervisor (`cluster-ai up`) starts: what to do as JSON in the first argument, news over IPC.
const start = JSON.parse(process.argv[2] ?? '{}') as ControlPlaneStart;
const stop = new AbortController();
const tell = (message: ControlPlaneMessage) => {
  if (process.connected) process.send?.(message, () => {});
  if (message.type === 'ready') flushCompileCache(); // by now everything is loaded: the next start reads it from there, and needs less memory
};

process.title = 'cluster-ai control plane';
process.on('SIGTERM', () => stop.abort());
process.on('SIGINT', () => {}); // Ctrl-C reaches the whole group; the supervisor decides

const running = runControlPlane(start, tell, stop.signal).then(
  () => 0,
  (error: unknown) => {
    tell({ type: 'failed', error: toWireError(error) });
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    return 1;
  },
);
endWithParent(async () => {
  stop.abort();
  await running;
});
process.exitCode = await running;
setTimeout(() => process.exit(), 500).unref(); // something still open must not keep a stopped control plane alive
if (process.connected) process.disconnect();
