import type { IncomingMessage } from 'node:http';
import { BlockList, isIP, SocketAddress } from 'node:net';
import { ClusterError } from '@cluster-ai/contracts';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** One spelling for a host name or address, whoever wrote it: `LOCALHOST.`, `[::1]`, `0:0:0:0:0:0:0:1`. */
export function canonicalName(name: string): string {
  const bare = name.toLowerCase().replace(/^\[|\]$/g, '');
  return isIP(bare) === 6 ? new SocketAddress({ address: bare, family: 'ipv6' }).address : bare.replace(/\.$/, '');
}

/** Whether a name is one of these, `*.example.org` standing for one label as in a certificate. */
function isNamed(name: string, names: readonly string[]): boolean {
  return names.includes(name) || names.includes(name.replace(/^[^.]+/, '*'));
}

/** Whether a host, as a listener is told it, is this machine's loopback. */
export function isLoopback(host: string): boolean {
  const bare = canonicalName(host);
  if (bare === 'localhost') return true;
  const family = isIP(bare);
  return family !== 0 && loopback.check(bare, family === 4 ? 'ipv4' : 'ipv6');
}

/** `name` of `name:port`; `undefined` for anything that is no host. */
function hostName(value: string): string | undefined {
  const found = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d{1,5})?$/i.exec(value)?.[1];
  return found === undefined ? undefined : canonicalName(found);
}

/**
 * Refuses requests that a web page of a stranger could make a browser send: a foreign `Host` (DNS rebinding), two of them,
 * an absolute request target, a foreign `Origin`.
 */
export function checkHostAndOrigin(
  request: Pick<IncomingMessage, 'rawHeaders' | 'headers' | 'url'>,
  allowedHosts: readonly string[],
): void {
  const hosts = request.rawHeaders.filter((_, index, all) => index % 2 === 1 && all[index - 1]?.toLowerCase() === 'host');
  const isAllowed = (value: string) => {
    const name = hostName(value);
    return name !== undefined && (isLoopback(name) || isNamed(name, allowedHosts));
  };
  const [host] = hosts;
  if (hosts.length !== 1 || host === undefined || !isAllowed(host) || !request.url?.startsWith('/')) {
    throw new ClusterError('host_not_allowed', `This address does not serve the host "${(host ?? '').slice(0, 100)}".`, {
      hint: 'Use localhost, or add the name to listeners.allowedHosts in cluster.yaml.',
    });
  }
  const { origin } = request.headers;
  if (origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`) {
    throw new ClusterError('origin_not_allowed', 'Web pages of other sites may not use this address.', {
      hint: 'Call it from a program, or open our own page under /ui.',
    });
  }
  if (request.headers['sec-fetch-site'] === 'cross-site' && request.headers['sec-fetch-mode'] !== 'navigate') {
    throw new ClusterError('origin_not_allowed', 'Web pages of other sites may not use this address.');
  }
}
