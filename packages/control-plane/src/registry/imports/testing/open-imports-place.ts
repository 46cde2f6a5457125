import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Config, defaultConfig, type ImportInput, importRequestShape, type Operation } from '@cluster-ai/contracts';
import { inspectGguf } from '@cluster-ai/formats';
import { type Clock, silentLogger, systemClock } from '@cluster-ai/runtime';
import { createEventBus } from '../../../observability/event-bus.ts';
import { createOutgoingClient, type OutgoingClientOptions } from '../../../outgoing/outgoing-client.ts';
import { openBlobStore } from '../../../stores/fs/open-blob-store.ts';
import { openDatabase } from '../../../stores/open-database.ts';
import { createBlobReader } from '../../blob-reader.ts';
import { openRegistry } from '../../open-registry.ts';
import { openImports } from '../imports.ts';
import type { NodeMemory } from '../sources/fit-nodes.ts';

export const actor = { kind: 'host', id: 'host', name: 'a test', role: 'admin' } as const;

interface PlaceOptions {
  /** Of an earlier place, to go on with what it left. */
  readonly root?: string;
  /** Hosts with ports that may be called in the clear. */
  readonly hosts: readonly string[];
  readonly imports?: Partial<Config['imports']>;
  readonly secrets?: Readonly<Record<string, string>>;
  readonly client?: Partial<OutgoingClientOptions>;
  readonly nodes?: readonly NodeMemory[];
  readonly clock?: Clock;
  /** Of a database server, for several places on one. */
  readonly url?: string;
  readonly holder?: string;
}

/** A registry of its own with imports, in a folder of its own, that may call only what a test names. */
export async function openImportsPlace({
  hosts,
  imports: wanted,
  secrets = {},
  client = {},
  nodes = [],
  clock = systemClock,
  url = '',
  holder = 'a control plane',
  ...options
}: PlaceOptions) {
  const root = options.root ?? (await mkdtemp(join(tmpdir(), 'cluster-ai-imports-')));
  const database = await openDatabase({ url, folder: { database: join(root, 'cluster.db') }, log: silentLogger });
  const events = createEventBus({ firstId: 1 });
  const blobs = await openBlobStore({ folder: join(root, 'blobs') });
  const registry = await openRegistry({ database, blobs, events, clock, log: silentLogger, inspect: inspectGguf });
  const usual = defaultConfig();
  const policy = { allowedHosts: [...hosts], plainHosts: [...hosts] };
  const outgoing = createOutgoingClient({ policy, ...client });
  const ran: { readonly action: string; readonly target: string }[] = [];
  const imports = await openImports({
    database,
    registry,
    blobs,
    folder: join(root, 'blobs', 'imports'),
    outgoing,
    config: { imports: { ...usual.imports, ...wanted }, outgoing: { ...usual.outgoing, ...policy } },
    readSecret: async (name) => secrets[name] ?? '',
    nodes: () => nodes,
    inspect: inspectGguf,
    findBlob: createBlobReader({ database, blobs }),
    acts: {
      run: async (act, work) => {
        ran.push(act);
        return work();
      },
    },
    events,
    clock,
    log: silentLogger,
    holder,
  });
  const stop = new AbortController();
  const running = imports.run(stop.signal);

  const seen: Operation[] = [];
  events.subscribe(({ event }) => {
    if (event.type === 'operation.changed') seen.push(event.operation);
  });

  /** As it is when it has ended. */
  async function end(id: string): Promise<Operation> {
    let last: Operation | undefined;
    for await (const operation of imports.watch(id, stop.signal)) last = operation;
    if (last === undefined) throw new Error('Nothing was told of it.');
    return last;
  }

  return {
    root,
    folder: join(root, 'blobs', 'imports'),
    imports,
    registry,
    database,
    ran,
    seen,
    end,
    /** Begins an import and waits for its end. */
    async bring(request: ImportInput): Promise<Operation> {
      const { operation } = await imports.import(importRequestShape.parse(request), actor);
      return end(operation.id);
    },
    /** As when the cluster stops: what runs goes on after the next start. */
    async close(): Promise<void> {
      stop.abort();
      await running;
      await database[Symbol.asyncDispose]();
    },
    async [Symbol.asyncDispose]() {
      if (!stop.signal.aborted) await this.close();
      await rm(root, { recursive: true, force: true });
    },
  };
}
export type ImportsPlace = Awaited<ReturnType<typeof openImportsPlace>>;
