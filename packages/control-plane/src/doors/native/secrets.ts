import { putSecretShape, rotateSecretsShape, secretNameShape, secretShape, secretsStatusShape } from '@cluster-ai/contracts';
import { z } from 'zod';
import type { NamedSecrets } from '../../access/secrets/named-secrets.ts';
import type { Secrets } from '../../access/secrets/secrets.ts';
import type { StoredChatSealing } from '../../chats/seal-stored-chats.ts';
import { type NativeRoute, route } from './route.ts';

const tag = 'secrets';
const byName = z.object({ name: secretNameShape });

export interface SecretsDependencies {
  readonly secrets: Pick<Secrets, 'describe' | 'rotateDataKeys' | 'rotateMasterKey'>;
  readonly namedSecrets: Omit<NamedSecrets, 'get'>;
  readonly sealing: Pick<StoredChatSealing, 'count'>;
}

export function secretRoutes({ secrets, namedSecrets, sealing }: SecretsDependencies): readonly NativeRoute[] {
  const describe = async () => ({ ...(await secrets.describe()), secrets: await namedSecrets.list(), chats: await sealing.count() });
  return [
    route({
      method: 'GET',
      path: '/secrets',
      permission: 'secrets:read',
      tag,
      summary: 'Which secrets and keys there are, never their values',
      answer: secretsStatusShape,
      handle: describe,
    }),
    route({
      method: 'PUT',
      path: '/secrets/{name}',
      permission: 'secrets:write',
      tag,
      summary: 'Keep a secret under a name, or replace its value',
      params: byName,
      body: putSecretShape,
      answer: secretShape,
      handle: async ({ params, body }) => namedSecrets.put(params.name, body),
    }),
    route({
      method: 'DELETE',
      path: '/secrets/{name}',
      permission: 'secrets:write',
      tag,
      summary: 'Forget a secret',
      params: byName,
      answer: undefined,
      handle: async ({ params }) => namedSecrets.remove(params.name),
    }),
    route({
      method: 'POST',
      path: '/secrets/rotate',
      permission: 'secrets:write',
      tag,
      summary: 'Replace data keys, or the master key; what is sealed follows in the background',
      body: rotateSecretsShape,
      answer: secretsStatusShape,
      handle: async ({ body }) => {
        await (body.what === 'master' ? secrets.rotateMasterKey() : secrets.rotateDataKeys(body.purpose));
        return describe();
      },
    }),
  ];
}
