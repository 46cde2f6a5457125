import { z } from 'zod';

const port = z.int().min(0).max(65_535);
const hostAndPort = (host: string, number: number) =>
  z.strictObject({
    host: z.string().default(host).describe('Only loopback addresses, until roles and keys exist.'),
    port: port.default(number).describe('0 picks a free port.'),
  });

/** Empty, or where a syslog server listens. */
function isSyslogAddress(address: string): boolean {
  if (address === '') return true;
  const { protocol, hostname, pathname, search } = URL.parse(address) ?? {};
  return (protocol === 'udp:' || protocol === 'tcp:') && Boolean(hostname) && !search && (pathname === '' || pathname === '/');
}

const resources = z.strictObject({
  gpu: z.union([z.number(), z.string()]).optional(),
  cpu: z.union([z.number(), z.string()]).optional(),
  memory: z.string().optional(),
  gpu_memory: z.string().optional(),
});

/** `cluster.yaml`. Every key has a default: an empty file works. */
export const configShape = z.strictObject({
  version: z.literal('1.0').default('1.0'),
  cluster: z
    .strictObject({
      name: z.string().min(1).max(80).default('cluster').describe('Shown in the UI and in the names of backups.'),
      scheduler: z.strictObject({ host: z.string(), port }).partial().optional().describe('Of Dask; used once compute is enabled.'),
      workers: z
        .array(z.strictObject({ name: z.string(), resources: resources.optional() }))
        .default([])
        .describe('Machines that are expected, by name.'),
      models: z
        .array(z.strictObject({ name: z.string(), replicas: z.int().min(0).default(1), resources: resources.optional() }))
        .default([])
        .describe('Models that stay loaded, with their number of copies.'),
    })
    .prefault({}),
  listeners: z
    .strictObject({
      main: hostAndPort('127.0.0.1', 3000).prefault({}).describe('Every door, and the web UI under /ui.'),
      ollama: hostAndPort('127.0.0.1', 11_434)
        .extend({ enabled: z.boolean().default(true) })
        .prefault({})
        .describe('Where Ollama’s clients look by default; left alone when something else has it.'),
      link: hostAndPort('127.0.0.1', 7443)
        .prefault({})
        .describe('Where agents dial, TLS 1.3 only; opened to the chosen interface by the first invitation.'),
      allowedHosts: z.array(z.string()).default([]).describe('Names beyond localhost that the Host header may carry.'),
    })
    .prefault({}),
  access: z
    .strictObject({
      local: z
        .boolean()
        .default(true)
        .describe('Whether this machine may chat and look around without a key, while only it can call and nobody else has a login.'),
      audit: z
        .strictObject({
          retentionDays: z.int().min(0).max(36_500).default(365).describe('How long the record of what was done is kept; 0 for ever.'),
          checkpoints: z
            .strictObject({
              file: z
                .string()
                .default('')
                .describe('Where signed checkpoints of that record are appended; empty: in the data folder. Best on another disk.'),
              syslog: z
                .string()
                .refine(isSyslogAddress, 'write udp://HOST:PORT or tcp://HOST:PORT')
                .default('')
                .describe('A syslog server that gets each checkpoint as well: udp://HOST:PORT or tcp://HOST:PORT (RFC 5424).'),
            })
            .prefault({}),
        })
        .prefault({}),
    })
    .prefault({}),
  database: z.string().default('').describe('Empty: SQLite in the data folder. Or postgres://user@host/name.'),
  blobs: z.strictObject({ path: z.string().default('').describe('Empty: inside the data folder.') }).prefault({}),
  inference: z
    .strictObject({
      defaultModel: z.string().default('').describe('Used where a request names none; empty: the only model, or the starter.'),
      keepAliveSeconds: z.number().min(-1).default(300).describe('A model that nobody asked for is unloaded after this; -1 never.'),
      contextSize: z.int().min(0).default(0).describe('Tokens per sequence; 0 chooses from memory.'),
      parallel: z.int().min(0).default(0).describe('Sequences side by side per replica; 0 chooses from memory.'),
      threads: z.int().min(0).default(0).describe('Per replica; 0 chooses from the cores that are really free.'),
      policy: z
        .enum(['predictive', 'least_loaded', 'round_robin'])
        .default('predictive')
        .describe(
          'Which copy of a model answers: the one that will be done first by measured speeds, the least busy, or one after the other.',
        ),
      maxBodyMiB: z.int().min(1).max(1024).default(20).describe('Largest accepted request body.'),
      maxQueue: z.int().min(1).default(512).describe('Requests that may wait for one model; more are answered 503.'),
      loadTimeoutSeconds: z.int().min(1).default(300),
      firstTokenTimeoutSeconds: z.int().min(1).default(600),
    })
    .prefault({}),
  logs: z.strictObject({ level: z.enum(['trace', 'debug', 'info', 'warn', 'error']).default('info') }).prefault({}),
});
export type Config = z.infer<typeof configShape>;

/** The configuration of an empty file. */
export const defaultConfig = (): Config => configShape.parse({});
