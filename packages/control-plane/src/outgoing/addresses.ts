import { BlockList, isIP, isIPv4 } from 'node:net';

/** Of the public internet; of a private network or this machine; or one that nobody has business with, whatever a configuration says. */
export type AddressKind = 'public' | 'inner' | 'never';

function listOf(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = '', bits] = range.split('/');
    list.addSubnet(address, Number(bits), isIPv4(address) ? 'ipv4' : 'ipv6');
  }
  return list;
}

/** Machines that hand out credentials to whoever asks from the inside, link-local addresses (theirs among them), groups, nobody, everybody. */
const never = listOf([
  '0.0.0.0/8',
  '100.100.100.200/32',
  '168.63.129.16/32',
  '169.254.0.0/16',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '::/128',
  'fd00:ec2::254/128',
  'fe80::/10',
  'ff00::/8',
]);

/** A private network, the carrier's, or this machine (RFC 6890). */
const inner = listOf(['10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '::1/128', 'fc00::/7']);

/** IPv6 that is given out is all of 2000::/3; the rest, and IPv4 in disguise, reaches who knows whom. */
const globalV6 = listOf(['2000::/3']);
/** Documentation, benchmarks, protocols and tunnels (RFC 6890, 5180, 7723, 9637): never the host that somebody means. */
const special = listOf([
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
  '3fff::/20',
]);

export function kindOfAddress(address: string): AddressKind {
  const family = isIP(address) === 4 ? 'ipv4' : 'ipv6';
  if (isIP(address) === 0 || never.check(address, family) || special.check(address, family)) return 'never';
  if (inner.check(address, family)) return 'inner';
  return family === 'ipv4' || globalV6.check(address, family) ? 'public' : 'never';
}
