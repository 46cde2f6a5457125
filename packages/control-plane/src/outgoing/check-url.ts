import { isIP } from 'node:net';
import { ClusterError } from '@cluster-ai/contracts';
import { type AddressKind, kindOfAddress } from './addresses.ts';

/** What the owner of the cluster allows beyond the public internet by HTTPS. Each a name, or a name and port: `idp.lab:8443`. */
export interface OutgoingPolicy {
  /** May have an address of a private network or of this machine. */
  readonly allowedHosts: readonly string[];
  /** May be called without TLS. */
  readonly plainHosts: readonly string[];
}

/** A host that may be called, as far as it can be told before its name is looked up. */
export interface AllowedHost {
  /** Without brackets and trailing dot. */
  readonly host: string;
  readonly mayBeInner: boolean;
}
export interface Destination extends AllowedHost {
  readonly url: URL;
}

const refused = (what: string, hint: string) => new ClusterError('address_refused', what, { hint });

/** A URL means the same to everybody only without these: parsers differ in what they make of them. */
const AMBIGUOUS = /[\\\s\p{Cc}]/u;

function names(list: readonly string[], host: string, port: string): boolean {
  return list.some((entry) => {
    const wanted = entry.toLowerCase();
    return wanted === host || wanted === `${host}:${port}` || wanted === `[${host}]:${port}`;
  });
}

function parse(text: string): URL {
  const url = !AMBIGUOUS.test(text) && URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined) throw refused(`"${text.slice(0, 200)}" is not an address that can be called.`, 'Write it as https://host/path.');
  if (url.username !== '' || url.password !== '')
    throw refused(`The address of ${url.hostname} has a name or password in it.`, 'Keep the password as a secret: cluster-ai secrets set.');
  return url;
}

const toPlainName = (hostname: string) => hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');

/** For what is not HTTP. Throws `address_refused` for an inner address that the configuration does not name. */
export function checkHost(hostname: string, port: number, { allowedHosts, plainHosts }: OutgoingPolicy) {
  const host = toPlainName(hostname);
  const allowed = { host, mayBeInner: names(allowedHosts, host, `${port}`), mayBePlain: names(plainHosts, host, `${port}`) };
  if (isIP(host) !== 0) checkAddress(allowed, host);
  return allowed;
}

/** Throws `address_refused`: another scheme, a name or password in it, an inner address that the configuration does not name. */
export function checkUrl(text: string, { allowedHosts, plainHosts }: OutgoingPolicy): Destination {
  const url = parse(text);
  const host = toPlainName(url.hostname);
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && names(plainHosts, host, port)))
    throw refused(
      `${url.protocol}//${url.host} is not called: only HTTPS is.`,
      'Use https://, or name the host in outgoing.plainHosts of cluster.yaml.',
    );
  const destination = { url, host, mayBeInner: names(allowedHosts, host, port) };
  if (isIP(host) !== 0) checkAddress(destination, host);
  return destination;
}

const reasons: Record<Exclude<AddressKind, 'public'>, readonly [string, string]> = {
  inner: ['lies in a private network or on this machine', 'If that is meant, name the host in outgoing.allowedHosts of cluster.yaml.'],
  never: ['is no address of a host that may be called', 'Use the public name of the host.'],
};

/** For every address that a name turned out to have. Throws `address_refused`. */
export function checkAddress({ host, mayBeInner }: AllowedHost, address: string): void {
  const kind = kindOfAddress(address);
  if (kind === 'public' || (kind === 'inner' && mayBeInner)) return;
  const [why, hint] = reasons[kind];
  throw refused(`${host} ${why}.`, hint);
}
