import { z } from 'zod';

/** What a secret with a name is for. */
export const secretPurposes = ['registry', 'webhook', 'mail', 'oidc', 'backup', 'other'] as const;

export const secretNameShape = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,99}$/, 'use lower-case letters, digits, dots, dashes and underscores, at most 100')
  .meta({ id: 'SecretName' });

/** A secret without its value, which is never told. */
export const secretShape = z
  .object({
    name: z.string(),
    purpose: z.enum(secretPurposes),
    createdAt: z.iso.datetime(),
    changedAt: z.iso.datetime(),
    keyVersion: z.int().describe('Of the data key that it is sealed with.'),
  })
  .meta({ id: 'Secret' });
export type Secret = z.infer<typeof secretShape>;

export const putSecretShape = z
  .object({
    value: z.string().min(1).max(65_536),
    purpose: z.enum(secretPurposes).optional().describe('Kept as it is when left out; `other` for a new one.'),
  })
  .meta({ id: 'PutSecret' });
export type PutSecret = z.infer<typeof putSecretShape>;

/** A version of the key of one purpose. The newest one seals; older ones go once nothing is sealed with them. */
export const dataKeyShape = z
  .object({
    purpose: z.string(),
    version: z.int(),
    createdAt: z.iso.datetime(),
    uses: z.int().describe('Counted ahead of time: never fewer than there were.'),
    isActive: z.boolean(),
    rotationDue: z.enum(['no', 'uses', 'age']).describe('Why it should be replaced: 2^31 uses or 90 days.'),
  })
  .meta({ id: 'DataKey' });
export type DataKey = z.infer<typeof dataKeyShape>;

export const keyRotationShape = z
  .object({
    purpose: z.string(),
    toVersion: z.int(),
    phase: z.enum(['sealing', 'settling']).describe('`settling`: the old version waits until nobody can be using it any more.'),
    done: z.int().describe('Values that were sealed anew so far.'),
    unreadable: z.int().describe('Values that the old key did not open. While there are any, it is kept.'),
    startedAt: z.iso.datetime(),
  })
  .meta({ id: 'KeyRotation' });
export type KeyRotation = z.infer<typeof keyRotationShape>;

export const secretsStatusShape = z
  .object({
    masterKey: z.object({
      id: z.string().describe('Says which key it is, and nothing about it.'),
      source: z.enum(['credential', 'environment', 'file']),
      createdAt: z.iso.datetime(),
    }),
    dataKeys: z.array(dataKeyShape),
    rotations: z.array(keyRotationShape).describe('Under way.'),
    secrets: z.array(secretShape),
    chats: z
      .object({
        wanted: z.enum(['sealed', 'clear']),
        sealed: z.int().describe('Chats and messages that lie sealed.'),
        clear: z.int().describe('Those that lie in clear.'),
      })
      .describe('By `privacy.sealChats`; what lies otherwise is being changed in the background.'),
  })
  .meta({ id: 'SecretsStatus' });
export type SecretsStatus = z.infer<typeof secretsStatusShape>;

export const rotateSecretsShape = z
  .object({
    what: z
      .enum(['data', 'master'])
      .default('data')
      .describe('`data`: new data keys, everything is sealed anew in the background. `master`: a new master key, at once.'),
    purpose: z.string().min(1).max(100).optional().describe('Only this data key; all of them when left out.'),
  })
  .meta({ id: 'RotateSecrets' });
export type RotateSecrets = z.infer<typeof rotateSecretsShape>;
export type RotateSecretsInput = z.input<typeof rotateSecretsShape>;
