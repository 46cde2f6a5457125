import { hostname, networkInterfaces } from 'node:os';
import { canonicalName, isLoopback } from '../../listeners/allowed-hosts.ts';

const localNames = ['localhost', '127.0.0.1', '::1'];
const isEverywhere = (host: string) => host === '0.0.0.0' || host === '::';

/** Addresses that other machines can use; those of one link only make no sense in a certificate. */
function ownAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return all.filter(({ internal, address }) => !internal && !address.toLowerCase().startsWith('fe80:')).map(({ address }) => address);
}

/** A name that may stand in a certificate and in a `Host` header. */
const isName = (name: string) => /^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$/i.test(name);

/** Under which names and addresses a listener on this host is reached; this machine's own always count. */
export function listenerNames(hosts: readonly string[], more: readonly string[]): readonly string[] {
  const outside = hosts.some((host) => !isLoopback(host)) ? [hostname()].filter(isName) : [];
  const addresses = hosts.some(isEverywhere) ? ownAddresses() : [];
  const given = hosts.filter((host) => !isEverywhere(host));
  return [...new Set([...localNames, ...given, ...addresses, ...outside, ...more].map(canonicalName))];
}
