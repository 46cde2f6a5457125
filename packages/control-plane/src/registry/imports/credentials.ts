import { isClusterError } from '@cluster-ai/contracts';
import type { Credential } from './sources/registry-session.ts';

interface CredentialDependencies {
  /** By host, or host and port: the name of a secret. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly readSecret: (name: string) => Promise<string>;
}

/** What the owner of the cluster lets a host see. A secret that is named and not there is an error, not a call without it. */
export function createCredentials({ secrets, readSecret }: CredentialDependencies) {
  const names = new Map(Object.entries(secrets).map(([host, name]) => [host.toLowerCase(), name]));
  return async function credentialFor(host: string): Promise<Credential | undefined> {
    const name = names.get(host.toLowerCase()) ?? names.get(host.toLowerCase().replace(/:\d+$/, ''));
    if (name === undefined) return undefined;
    const value = await readSecret(name).catch((error: unknown) => {
      throw isClusterError(error) ? error : new Error(`The secret for ${host} cannot be read.`, { cause: error });
    });
    const colon = value.indexOf(':');
    return colon === -1 ? { token: value } : { user: value.slice(0, colon), password: value.slice(colon + 1) };
  };
}
