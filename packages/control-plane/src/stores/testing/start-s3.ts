import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import S3rver from 's3rver';

export const s3Credentials = { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' };

/** A real S3 server with one bucket, `models`, in a folder of its own. */
export async function startS3() {
  const folder = await mkdtemp(join(tmpdir(), 'cluster-ai-s3-'));
  const s3 = new S3rver({
    port: 0,
    address: '127.0.0.1',
    silent: true,
    directory: folder,
    configureBuckets: [{ name: 'models', configs: [] }],
  });
  const { port } = await s3.run();
  const endpoint = `http://127.0.0.1:${port}`;
  return {
    folder,
    urlOf: (prefix: string) => `s3://models/${prefix}?${new URLSearchParams({ endpoint, region: 'eu-west-1' })}`,
    async [Symbol.asyncDispose]() {
      s3.httpServer.closeAllConnections();
      s3.httpServer.close();
      await once(s3.httpServer, 'close');
      await rm(folder, { recursive: true, force: true });
    },
  };
}
