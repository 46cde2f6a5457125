import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { silentLogger, systemClock } from '@cluster-ai/runtime';
import { openUploads } from '../../packages/control-plane/src/registry/uploads/open-uploads.ts';
import { openBlobStore } from '../../packages/control-plane/src/stores/fs/open-blob-store.ts';
import { openDatabase } from '../../packages/control-plane/src/stores/open-database.ts';

// The engine of uploads behind the smallest server: PUT the bytes, and hear of the digest once they are a blob. GET: the most memory it took.

const [root = ''] = process.argv.slice(2);
const database = await openDatabase({ url: '', folder: { database: join(root, 'state.db') }, log: silentLogger });
const blobs = await openBlobStore({ folder: join(root, 'blobs') });
const uploads = await openUploads({ database, blobs, clock: systemClock, log: silentLogger });
const never = new AbortController().signal;
let mostBytes = 0;
setInterval(() => {
  mostBytes = Math.max(mostBytes, process.memoryUsage.rss());
}, 20).unref();

const server = createServer(async (request, response) => {
  if (request.method === 'GET') return void response.end(String(mostBytes));
  const { id } = await uploads.start({ owner: 'bench', sizeBytes: Number(request.headers['content-length']) });
  await uploads.append(id, 'bench', 0, request, never);
  response.end(JSON.stringify(await uploads.finish(id, 'bench', {})));
});
server.listen(0, '127.0.0.1', () => process.send?.(server.address() as AddressInfo));
process.once('disconnect', () => process.exit(0));
