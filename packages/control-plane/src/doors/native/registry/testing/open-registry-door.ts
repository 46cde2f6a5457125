import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { defaultConfig, type Permission, permissions } from '@cluster-ai/contracts';
import { inspectFakeModel } from '@cluster-ai/formats';
import { createManualClock, silentLogger } from '@cluster-ai/runtime';
import type { Admission } from '../../../../access/admission.ts';
import type { Caller } from '../../../../access/caller.ts';
import { createListener } from '../../../../listeners/create-listener.ts';
import { createEventBus } from '../../../../observability/event-bus.ts';
import { createBlobReader } from '../../../../registry/blob-reader.ts';
import { createPublisher } from '../../../../registry/catalog/publish-uploads.ts';
import { createGarbage } from '../../../../registry/garbage/collect-garbage.ts';
import { openRegistry } from '../../../../registry/open-registry.ts';
import { openUploads } from '../../../../registry/uploads/open-uploads.ts';
import { openBlobStore } from '../../../../stores/fs/open-blob-store.ts';
import { openDatabase } from '../../../../stores/open-database.ts';
import { createFakeGateway } from '../../../testing/fake-gateway.ts';
import { renderProblem } from '../../problem.ts';
import { registryDoor } from '../registry-door.ts';

export interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever came
  readonly json: any;
}

const keeper = {
  kind: 'host', // whose writes are not counted
  id: 'keeper',
  ownerId: 'keeper',
  name: 'keeper',
  role: 'admin',
  permissions: new Set<Permission>(permissions),
  models: undefined,
} as const satisfies Caller;

/** The registry's door behind the real listener shell, over a real catalog. Callers are chosen by a header. */
export async function openRegistryDoor(callers: Readonly<Record<string, Partial<Caller>>> = {}) {
  const root = await mkdtemp(join(tmpdir(), 'cluster-ai-registry-door-'));
  const database = await openDatabase({ url: '', folder: { database: join(root, 'cluster.db') }, log: silentLogger });
  const blobs = await openBlobStore({ folder: join(root, 'blobs') });
  const events = createEventBus({ firstId: 1 });
  const clock = createManualClock();
  const registry = await openRegistry({ database, blobs, events, clock, log: silentLogger, inspect: inspectFakeModel });
  const { catalog } = registry;
  const uploads = await openUploads({ database, blobs, clock, log: silentLogger });
  const garbage = createGarbage({ database, blobs, clock, log: silentLogger });
  const blobParts = { uploads, garbage, findBlob: createBlobReader({ database, blobs }) };
  const gateway = createFakeGateway({ registry, answer: () => ({ chunks: [] }) });
  const publisher = createPublisher({ database, catalog, findBlob: blobParts.findBlob, inspect: async () => ({}), clock });
  const admission: Pick<Admission, 'admit'> = {
    admit: ({ headers }) => {
      const name = String(headers['x-test-caller'] ?? 'keeper');
      return { ...keeper, id: name, ownerId: name, name, ...callers[name] };
    },
  };
  const { app } = createListener({ config: defaultConfig(), log: silentLogger, admission, renderError: renderProblem });
  const nodes = { list: () => [] } as never;
  await app.register(registryDoor({ catalog, registry, publisher, blobParts, gateway, nodes, clock }));
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;

  interface Call {
    readonly as?: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string | Buffer | object;
  }
  async function call(method: string, path: string, { as, headers = {}, body }: Call = {}): Promise<Answered> {
    const isJson = typeof body === 'object' && !Buffer.isBuffer(body);
    const asked = request({
      host: '127.0.0.1',
      port,
      method,
      path,
      agent: false,
      headers: {
        ...(as === undefined ? {} : { 'x-test-caller': as }),
        ...(isJson ? { 'content-type': 'application/json' } : {}),
        ...headers,
      },
    });
    const answered = new Promise<Answered>((resolve, reject) => {
      asked.on('error', reject);
      asked.on('response', async (response) => {
        const whole = await text(response);
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text: whole,
          json: /json/.test(response.headers['content-type'] ?? '') ? JSON.parse(whole) : undefined,
        });
      });
    });
    asked.end(isJson ? JSON.stringify(body) : body);
    return answered;
  }

  /** As `curl -F` writes it; a field is text, a file a name and its bytes. */
  function toForm(parts: readonly (readonly [name: string, value: string, fileName?: string])[]) {
    const boundary = 'x-boundary-x';
    const lines = parts.map(
      ([name, value, fileName]) =>
        `--${boundary}\r\ncontent-disposition: form-data; name="${name}"${fileName === undefined ? '' : `; filename="${fileName}"\r\ncontent-type: application/octet-stream`}\r\n\r\n${value}\r\n`,
    );
    return {
      headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
      body: `${lines.join('')}--${boundary}--\r\n`,
    };
  }

  return {
    port,
    call,
    toForm,
    catalog,
    registry,
    database,
    gateway,
    begunUploads: async () => (await database.query.selectFrom('uploads').select('id').execute()).map(({ id }) => id),
    async [Symbol.asyncDispose]() {
      await app.close();
      await database[Symbol.asyncDispose]();
      await rm(root, { recursive: true, force: true });
    },
  };
}
export type RegistryDoorPlace = Awaited<ReturnType<typeof openRegistryDoor>>;
