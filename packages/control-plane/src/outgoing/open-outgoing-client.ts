import { readFile } from 'node:fs/promises';
import { ClusterError, type Config } from '@cluster-ai/contracts';
import { createOutgoingConnections, type OutgoingConnections } from './connect-outgoing.ts';
import { createOutgoingClient, type OutgoingClient } from './outgoing-client.ts';

async function readAuthorities(path: string): Promise<readonly string[]> {
  if (path === '') return [];
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new ClusterError('config_invalid', `outgoing.authorities: ${path} cannot be read.`, {
      hint: 'Name a file of certificates in PEM form, or nothing.',
      cause: error,
    });
  });
  return text.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? [];
}

/** The guarded client as the configuration wants it. Throws `config_invalid`. */
export async function openOutgoingClient({ authorities, ...policy }: Config['outgoing']): Promise<OutgoingClient> {
  return createOutgoingClient({ policy, authorities: await readAuthorities(authorities) });
}

/** The same for what is not HTTP. Throws `config_invalid`. */
export async function openOutgoingConnections({ authorities, ...policy }: Config['outgoing']): Promise<OutgoingConnections> {
  return createOutgoingConnections({ policy, authorities: await readAuthorities(authorities) });
}
