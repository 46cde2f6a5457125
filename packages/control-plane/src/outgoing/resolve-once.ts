import { lookup as lookupName } from 'node:dns/promises';
import { isIP } from 'node:net';
import { ClusterError } from '@cluster-ai/contracts';
import { type AllowedHost, checkAddress } from './check-url.ts';

export interface Address {
  readonly address: string;
  readonly family: number;
}
export type Resolve = (host: string) => Promise<readonly Address[]>;

export const resolveName: Resolve = (host) => lookupName(host, { all: true, order: 'verbatim' });

export const remoteFailed = (host: string, what: string, cause?: unknown) =>
  new ClusterError('remote_failed', `${host} ${what}.`, { hint: 'Check the address, and whether that system works.', cause });

export const codeOf = (error: unknown) => (error as NodeJS.ErrnoException)?.code ?? 'unknown';

/**
 * The addresses of a host, each of them allowed; what connects uses these, so that nobody is asked a second time, who might answer something
 * else. Throws `address_refused`, and `remote_failed` where there is none.
 */
export async function resolveOnce(destination: AllowedHost, resolve: Resolve): Promise<readonly Address[]> {
  const { host } = destination;
  if (isIP(host) !== 0) return [{ address: host, family: isIP(host) }];
  const addresses = await resolve(host).catch((error: unknown) => {
    throw remoteFailed(host, `has no address (${codeOf(error)})`, error);
  });
  if (addresses.length === 0) throw remoteFailed(host, 'has no address');
  for (const { address } of addresses) checkAddress(destination, address);
  return addresses;
}
