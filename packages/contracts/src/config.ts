import { z } from 'zod';
import { roleShape } from './access.ts';
import { isByteSize } from './byte-size.ts';
import { computeProfileShape, poolNameShape } from './compute.ts';
import { inspectedFormatShape } from './inspections.ts';
import { mailLanguages } from './people.ts';

const port = z.int().min(0).max(65_535);
const hostAndPort = (host: string, number: number) =>
  z.strictObject({
    host: z.string().default(host).describe('Beyond loopback only with TLS, and once people or keys exist.'),
    port: port.default(number).describe('0 picks a free port.'),
  });

/** Empty, or where a syslog server listens. */
function isSyslogAddress(address: string): boolean {
  if (address === '') return true;
  const { protocol, hostname, pathname, search } = URL.parse(address) ?? {};
  return (protocol === 'udp:' || protocol === 'tcp:') && Boolean(hostname) && !search && (pathname === '' || pathname === '/');
}

const tls = z
  .enum(['off', 'internal', 'files', 'acme'])
  .default('off')
  .describe('Whose certificate it shows: none, one of the cluster’s own authority, one in files, one of an ACME server.');
/** Where checkpoints of the audit record are posted. Without a secret nobody could tell ours from forged ones, so it has no default. */
const webhook = z.strictObject({
  url: z.url({ protocol: /^https?$/ }).describe('Gets each checkpoint by POST.'),
  secret: z.string().min(1).describe('Name of the secret (cluster-ai secrets set NAME) by which each is signed (HMAC-SHA256).'),
});
/** Sign-in by a provider that a company has already. */
const oidc = z.strictObject({
  issuer: z.url({ protocol: /^https?$/ }).describe('Address of the OpenID provider, as it names itself.'),
  clientId: z.string().min(1).describe('What this cluster is called there.'),
  clientSecret: z.string().default('').describe('Name of the secret (cluster-ai secrets set NAME) that proves it; empty: PKCE alone.'),
  redirectUrl: z
    .union([z.literal(''), z.url({ protocol: /^https?$/ })])
    .default('')
    .describe(
      'Where the provider sends people back, as it is registered there; empty: /api/v1/sign-in/oidc/callback where they came from.',
    ),
  scopes: z.array(z.string().min(1)).default(['openid', 'profile', 'email']).describe('What is asked for; openid always is.'),
  groupsClaim: z.string().min(1).default('groups').describe('The claim that lists the groups of a person.'),
  roles: z
    .record(z.string(), roleShape)
    .default({})
    .describe('Which group has which role; of several the one that may most. Who has none is not let in.'),
  label: z.string().min(1).max(60).default('SSO').describe('On the button of the sign-in page.'),
});
/** A name, if any, and one address; nothing that could begin another header. */
const SENDER = /^(?:[^<>"\p{Cc}]+ <[^\s<>@,;"\p{Cc}]+@[^\s<>@,;"\p{Cc}]+>|[^\s<>@,;"\p{Cc}]+@[^\s<>@,;"\p{Cc}]+)$/u;

/** How the cluster sends mail. */
const mail = z.strictObject({
  url: z
    .url({ protocol: /^smtps?$/ })
    .refine((url) => URL.parse(url)?.password === '', 'keep the password as a secret: cluster-ai secrets set NAME')
    .describe('smtps://USER@HOST:465 (TLS), or smtp://USER@HOST:587 (TLS by STARTTLS, which the server must know).'),
  password: z.string().default('').describe('Name of the secret (cluster-ai secrets set NAME) with the password of that user.'),
  from: z.string().max(300).regex(SENDER, 'write ADDRESS or NAME <ADDRESS>').describe('The sender: ADDRESS or NAME <ADDRESS>.'),
  address: z.url({ protocol: /^https?$/ }).describe('Where people open this cluster: links in mails begin with it.'),
  language: z.enum(mailLanguages).default('en').describe('Of mails to people whose language nobody told.'),
});
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
      main: hostAndPort('127.0.0.1', 3000).extend({ tls }).prefault({}).describe('Every door, and the web UI under /ui.'),
      ollama: hostAndPort('127.0.0.1', 11_434)
        .extend({ enabled: z.boolean().default(true), tls })
        .prefault({})
        .describe('Where Ollama’s clients look by default; left alone when something else has it.'),
      registry: hostAndPort('127.0.0.1', 8080)
        .extend({ enabled: z.boolean().default(true), tls })
        .prefault({})
        .describe('The registry at the root (/models); left alone when something else has the port.'),
      link: hostAndPort('127.0.0.1', 7443)
        .prefault({})
        .describe('Where agents dial, TLS 1.3 only; opened to the chosen interface by the first invitation.'),
      allowedHosts: z
        .array(z.string())
        .default([])
        .describe('Names beyond localhost that the Host header may carry; the internal certificate carries them as well.'),
      tls: z
        .strictObject({
          minVersion: z.enum(['1.2', '1.3']).default('1.3').describe('1.2 lets old clients in.'),
          certificateFile: z.string().default('').describe('PEM, the chain included; read again when it changes.'),
          keyFile: z.string().default('').describe('PEM, without a password; read again when it changes.'),
          acme: z
            .strictObject({
              directory: z.url().default('https://acme-v02.api.letsencrypt.org/directory'),
              names: z.array(z.string()).default([]).describe('Host names that the certificate is for.'),
              email: z.string().default('').describe('Where the ACME server may write to.'),
              httpHost: z.string().default('0.0.0.0'),
              httpPort: port.default(80).describe('Where the ACME server’s question (http-01) is answered, and nothing else.'),
              rootsFile: z.string().default('').describe('PEM: whom to trust as the ACME server; empty: the usual ones.'),
            })
            .prefault({}),
        })
        .prefault({}),
      insecurePlainHttpOnNetwork: z
        .boolean()
        .default(false)
        .describe('Lets a listener without TLS leave loopback: whoever is on the way reads passwords, keys, prompts and answers.'),
      trustedProxies: z
        .array(z.string())
        .default([])
        .describe('Addresses or networks of proxies whose X-Forwarded-For is believed; nobody else’s is.'),
      connectionsPerAddress: z.int().min(1).default(2048).describe('Open connections of one address; trusted proxies are not counted.'),
    })
    .prefault({}),
  nodes: z
    .strictObject({
      approval: z
        .enum(['auto', 'manual'])
        .default('auto')
        .describe('`manual`: a machine that joined gets no work and no weights until somebody approves it.'),
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
              webhook: webhook.optional().describe('An address that gets each checkpoint as well, signed (Standard Webhooks).'),
            })
            .prefault({}),
        })
        .prefault({}),
      oidc: oidc.optional().describe('Sign-in by an OpenID provider.'),
    })
    .prefault({}),
  privacy: z
    .strictObject({
      chatsDays: z.int().min(0).max(36_500).default(0).describe('How long a chat is kept after its last change; 0 for ever.'),
      sealChats: z
        .boolean()
        .default(false)
        .describe('Titles, messages and options of chats lie sealed in the database, each with a key of the person.'),
    })
    .prefault({}),
  outgoing: z
    .strictObject({
      allowedHosts: z
        .array(z.string())
        .default([])
        .describe('Hosts (or host:port) in private networks or on this machine that the cluster may call; others only on the internet.'),
      plainHosts: z.array(z.string()).default([]).describe('Hosts (or host:port) that it may call without TLS.'),
      authorities: z.string().default('').describe('A PEM file of certificate authorities to trust beside the usual ones.'),
    })
    .prefault({})
    .describe('Calls of the control plane to other systems.'),
  mail: mail.optional().describe('Sends invitations and links for new passwords; without it they are shown to whoever makes them.'),
  imports: z
    .strictObject({
      ollamaRegistry: z.string().default('https://registry.ollama.ai').describe('Where a model is pulled from when its name has no host.'),
      huggingFace: z.string().default('https://huggingface.co').describe('Where repositories of Hugging Face come from.'),
      atOnce: z.int().min(1).max(16).default(2).describe('Imports that run side by side; others wait.'),
      connections: z.int().min(1).max(32).default(8).describe('Connections for the parts of one file.'),
      maxGiB: z.number().min(0.001).max(16_384).default(1024).describe('The largest import that is taken.'),
      secrets: z
        .record(z.string(), z.string())
        .default({})
        .describe('By host (or host:port): the name of the secret that is shown there, a token or `user:password`.'),
    })
    .prefault({})
    .describe('Models that come from elsewhere.'),
  database: z.string().default('').describe('Empty: SQLite in the data folder. Or postgres://user@host/name.'),
  blobs: z
    .strictObject({
      path: z.string().default('').describe('Empty: inside the data folder. A folder, or s3://BUCKET/PREFIX?endpoint=URL&region=NAME.'),
      s3Secret: z
        .string()
        .default('')
        .describe('A secret with ACCESS_KEY_ID:SECRET_ACCESS_KEY for S3; empty: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.'),
      uploadsPerPerson: z.int().min(1).default(64).describe('Unfinished uploads of one person or key.'),
      uploadsGiB: z.number().positive().default(2048).describe('How large those may be together, in GiB.'),
      scrubGiBPerDay: z.number().min(0).default(100).describe('How much is read again each day to find damaged files, in GiB; 0 nothing.'),
    })
    .prefault({})
    .describe('Files of models.'),
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
  registry: z
    .strictObject({
      storage: z
        .strictObject({
          cache_size: z
            .string()
            .refine(isByteSize, 'write a number and a unit, such as 10GB or 1.5TiB')
            .default('')
            .describe('How much each node may keep of the weights that it fetches, such as 10GB; empty: most of its free disk.'),
        })
        .prefault({}),
      policy: z
        .strictObject({
          loadFormats: z
            .array(inspectedFormatShape)
            .default(['gguf', 'safetensors', 'onnx'])
            .describe('Formats that are loaded when their inspection found nothing; any other only when an admin says so.'),
          override: z
            .enum(['admin', 'never'])
            .default('admin')
            .describe('Who may let a suspicious model be used; a dangerous one never is.'),
        })
        .prefault({}),
      inspection: z
        .strictObject({
          parallel: z.int().min(1).max(64).default(2).describe('Files that are looked through at the same time; others wait.'),
          timeoutSeconds: z.int().min(1).max(3600).default(120).describe('For one file; one that takes longer counts as suspicious.'),
          memoryMiB: z.int().min(128).default(768).describe('For one file; one that takes more counts as suspicious.'),
        })
        .prefault({}),
    })
    .prefault({})
    .describe('The model registry.'),
  compute: z
    .strictObject({
      enabled: z.boolean().default(false).describe('Runs a Dask cluster on the nodes; `cluster-ai compute enable` turns it on as well.'),
      python: z.string().default('').describe('The Python (3.10 or newer) that its environment is made with; empty looks for one.'),
      scheduler: hostAndPort('127.0.0.1', 8786)
        .prefault({})
        .describe(
          'Where workers and Dask clients dial, TLS with certificates on both sides only. A host that other machines reach lets them take part.',
        ),
      dashboardPort: port
        .default(0)
        .describe('Of Dask’s own pages on loopback; shown under /dask/ to who may see them. 0 picks a free one.'),
      profile: computeProfileShape.default('default').describe('`default` keeps memory safe; `fast` is for many tiny tasks.'),
      workers: z
        .strictObject({
          threads: z.int().min(0).max(1024).default(0).describe('Of the worker of each node; 0: one per core that engines leave.'),
          memory: z
            .string()
            .refine((size) => size === '' || isByteSize(size), 'write a number and a unit, such as 4GB')
            .default('')
            .describe('Limit of each worker, such as 4GB; empty: half of what the node has.'),
          port: port.default(0).describe('Where workers listen; 0 picks free ones.'),
        })
        .prefault({}),
      pools: z
        .partialRecord(
          poolNameShape,
          z.strictObject({ min: z.int().min(0).default(1), max: z.int().min(0).default(100), idleSeconds: z.int().min(1).default(120) }),
        )
        .default({})
        .describe('How many workers each pool has at least and at most; idle ones above the least are retired.'),
      dataFolders: z.array(z.string()).default([]).describe('Folders that tasks may read and write, at the same path on every node.'),
      functions: z
        .array(z.string())
        .default([])
        .describe('Python files whose functions tasks may call by name, as their authors marked them.'),
      code: z.array(roleShape).default([]).describe('Roles whose tasks may bring their own Python (source or pickle); none by default.'),
      resultInlineKiB: z.int().min(1).max(1024).default(64).describe('Larger results go to the blob store.'),
      resultMaxMiB: z.int().min(1).default(1024).describe('A task with a larger result fails.'),
    })
    .prefault({})
    .describe('Parallel computing with Dask.'),
  logs: z.strictObject({ level: z.enum(['trace', 'debug', 'info', 'warn', 'error']).default('info') }).prefault({}),
});
export type Config = z.infer<typeof configShape>;

/** The configuration of an empty file. */
export const defaultConfig = (): Config => configShape.parse({});
