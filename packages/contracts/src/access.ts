import { z } from 'zod';
import { permissions, roles } from './permissions.ts';

/** Shapes of people, programs and what they did: who may do what. */

/** Takes `data_scientist`, which the older documents say for a developer. */
export const roleShape = z.preprocess((value) => (value === 'data_scientist' ? 'developer' : value), z.enum(roles)).meta({ id: 'Role' });
export const permissionShape = z.enum(permissions).meta({ id: 'Permission' });

/**
 * What a caller is: a person with a session, a program with a key, the owner of the control plane's machine (by a file that
 * only that user can read), or, while only this machine can call and nobody else has a login, whoever calls from it.
 */
export const callerKinds = ['person', 'key', 'host', 'local'] as const;

export const meShape = z
  .object({
    kind: z.enum(callerKinds),
    id: z.string(),
    name: z.string(),
    role: z.enum(roles).nullable().describe('null for `local`, which has a few permissions and no role.'),
    permissions: z.array(permissionShape),
  })
  .meta({ id: 'Me' });
export type Me = z.infer<typeof meShape>;

export const limitNames = [
  'requestsPerMinute',
  'requestsPerDay',
  'requestsPerMonth',
  'tokensPerMinute',
  'tokensPerDay',
  'tokensPerMonth',
  'budgetTokens',
] as const;

const limit = z.int().min(1).optional();
/**
 * Requests for inference and tokens (of prompts and answers) that a key, a person or a service account may use; absent: no limit. Counted in
 * whole minutes, days and months of UTC.
 */
export const keyLimitsShape = z
  .strictObject({
    requestsPerMinute: limit,
    requestsPerDay: limit,
    requestsPerMonth: limit,
    tokensPerMinute: limit,
    tokensPerDay: limit,
    tokensPerMonth: limit,
    budgetTokens: limit.describe('For all time: it comes back only when somebody raises it.'),
  } satisfies Record<(typeof limitNames)[number], typeof limit>)
  .meta({ id: 'KeyLimits' });
export type KeyLimits = z.infer<typeof keyLimitsShape>;

/** Names of models, `*` standing for any run of characters: `team/*` are those of one namespace. Letters of any case. */
export const modelPatternsShape = z.array(z.string().trim().min(1).max(255)).max(100);

const countsShape = z.object({ requests: z.int(), tokens: z.int() });
export const usageReportShape = z
  .object({
    minute: countsShape,
    day: countsShape,
    month: countsShape,
    ever: countsShape,
    limits: z
      .array(
        z.object({
          name: z.enum(limitNames),
          limit: z.int(),
          used: z.int(),
          resetsAt: z.iso.datetime().nullable().describe('null for a budget.'),
        }),
      )
      .describe('Each limit that there is, and how much of it is used.'),
    days: z.array(countsShape.extend({ day: z.iso.date() })).describe('Days on which something was used, newest first.'),
  })
  .meta({ id: 'UsageReport' });
export type UsageReport = z.infer<typeof usageReportShape>;
export type LimitUse = UsageReport['limits'][number];

export const roleListShape = z
  .object({ roles: z.array(z.object({ role: z.enum(roles), permissions: z.array(permissionShape) })) })
  .meta({ id: 'RoleList' });
export type RoleList = z.infer<typeof roleListShape>;

export const apiKeyShape = z
  .object({
    id: z.string(),
    name: z.string(),
    prefix: z.string().describe('How the key begins: enough to recognise it, nothing to guess it from.'),
    role: z.enum(roles),
    scopes: z.array(permissionShape).nullable().describe('Of the role’s permissions only these; null for all of them.'),
    models: z.array(z.string()).nullable().describe('Model names that it may use, `*` standing for any run of characters; null for all.'),
    limits: keyLimitsShape,
    createdBy: z.string(),
    createdAt: z.iso.datetime(),
    expiresAt: z.iso.datetime().nullable(),
    lastUsedAt: z.iso.datetime().nullable(),
    revokedAt: z.iso.datetime().nullable(),
  })
  .meta({ id: 'ApiKey' });
export type ApiKey = z.infer<typeof apiKeyShape>;
export const apiKeyListShape = z.object({ keys: z.array(apiKeyShape) }).meta({ id: 'ApiKeyList' });

export const createApiKeyShape = z
  .object({
    name: z.string().trim().min(1).max(100),
    role: roleShape.default('developer'),
    scopes: z.array(permissionShape).max(permissions.length).nullable().default(null),
    models: z.array(z.string().min(1).max(255)).min(1).max(100).nullable().default(null),
    limits: keyLimitsShape.default({}),
    expiresInSeconds: z.int().min(60).nullable().default(null),
    owner: z.string().min(1).max(200).nullable().default(null).describe('A service account or person, by id or name; null for who asks.'),
  })
  .meta({ id: 'CreateApiKey' });
export type CreateApiKey = z.infer<typeof createApiKeyShape>;
export type CreateApiKeyInput = z.input<typeof createApiKeyShape>;

/** The only time that the key itself is told. */
export const createdApiKeyShape = apiKeyShape.extend({ key: z.string() }).meta({ id: 'CreatedApiKey' });
export type CreatedApiKey = z.infer<typeof createdApiKeyShape>;

export const auditResults = ['ok', 'denied', 'failed'] as const;

/** One line of the record of everything. `hash` covers all the other fields and the hash of the line before. */
export const auditEntryShape = z
  .object({
    sequence: z.int(),
    at: z.iso.datetime(),
    actor: z.object({ kind: z.enum([...callerKinds, 'node', 'system', 'anonymous']), id: z.string(), name: z.string(), role: z.string() }),
    address: z.string().describe('Of the connection; empty for what the cluster did by itself.'),
    action: z.string().describe('The route as it is declared (`DELETE /api/v1/nodes/:id`), or what the cluster did (`node.joined`).'),
    target: z.string().describe('What it was done to, by id; empty where the action says it all.'),
    result: z.enum(auditResults),
    details: z.record(z.string(), z.unknown()).describe('Names and digests, never secrets.'),
    requestId: z.string(),
    count: z.int().min(1).describe('Denied attempts of one source in one minute are one entry.'),
    hash: z.string(),
  })
  .meta({ id: 'AuditEntry' });
export type AuditEntry = z.infer<typeof auditEntryShape>;

/** Which lines of the record: all that is given must fit. Text is compared without regard to capitals. */
export const auditFilterShape = z
  .object({
    actor: z.string().max(200).optional().describe('Who did it: an id, or a whole name.'),
    action: z.string().max(200).optional().describe('Part of the action.'),
    target: z.string().max(200).optional().describe('Part of what it was done to.'),
    result: z.enum(auditResults).optional(),
    since: z.iso.datetime({ offset: true }).optional(),
    until: z.iso.datetime({ offset: true }).optional(),
    search: z.string().max(200).optional().describe('Part of any text of the line.'),
  })
  .meta({ id: 'AuditFilter' });
export type AuditFilter = z.infer<typeof auditFilterShape>;
export const auditQueryShape = auditFilterShape
  .extend({
    cursor: z
      .string()
      .regex(/^\d{1,15}$/, 'is not a cursor')
      .optional()
      .describe('`nextCursor` of the page before.'),
    limit: z.coerce.number().pipe(z.int().min(1).max(500)).default(50),
  })
  .meta({ id: 'AuditQuery' });
export type AuditQuery = z.output<typeof auditQueryShape>;
export const auditListShape = z
  .object({
    entries: z.array(auditEntryShape).describe('Newest first.'),
    nextCursor: z.string().nullable().describe('null: there are no older ones. A page may be short, or empty, and still have a next one.'),
  })
  .meta({ id: 'AuditList' });
export type AuditList = z.infer<typeof auditListShape>;
export const auditFormats = ['jsonl', 'csv'] as const;
export type AuditFormat = (typeof auditFormats)[number];

/** Where the record's end was at some time, signed (Ed25519 over `checkpoint SEQUENCE HASH AT`): kept outside of the database, and copied elsewhere. */
export const auditCheckpointShape = z
  .object({
    sequence: z.int().min(1),
    hash: z.string().max(200),
    at: z.string().max(50),
    signature: z.string().max(200).describe('In base64url.'),
  })
  .meta({ id: 'AuditCheckpoint' });
export type AuditCheckpoint = z.infer<typeof auditCheckpointShape>;
export const auditCheckpointListShape = z
  .object({
    publicKey: z.string().describe('By which others check the signatures: Ed25519, as PEM.'),
    checkpoints: z.array(auditCheckpointShape).describe('Oldest first.'),
  })
  .meta({ id: 'AuditCheckpointList' });
export type AuditCheckpointList = z.infer<typeof auditCheckpointListShape>;
export const auditCheckpointQueryShape = z.object({ limit: z.coerce.number().pipe(z.int().min(1).max(10_000)).default(1000) });
export const verifyAuditShape = z
  .object({
    checkpoints: z
      .array(auditCheckpointShape)
      .max(10_000)
      .default([])
      .describe('Copies that were kept elsewhere, to compare with as well.'),
  })
  .meta({ id: 'VerifyAudit' });
export type VerifyAuditInput = z.input<typeof verifyAuditShape>;

/**
 * What can be wrong with the record: a line does not fit to its hash; lines are missing; a line is in the place of another one, or one that
 * nobody wrote is there; the newest
 * ones are gone; the end, or the place where retention has cut, does not carry our seal; a checkpoint is not signed by us.
 */
export const auditProblemKinds = ['edited', 'removed', 'reordered', 'added', 'cut_off', 'unsealed', 'checkpoint'] as const;
export const auditVerificationShape = z
  .object({
    isIntact: z.boolean(),
    entries: z.int().describe('How many were read.'),
    firstSequence: z.int().nullable(),
    lastSequence: z.int().nullable(),
    checkpoints: z.int().describe('How many of them were compared, copies included.'),
    problem: z
      .object({
        sequence: z.int().describe('The first line that is wrong, or missing.'),
        kind: z.enum(auditProblemKinds),
        message: z.string(),
      })
      .nullable(),
  })
  .meta({ id: 'AuditVerification' });
export type AuditVerification = z.infer<typeof auditVerificationShape>;
