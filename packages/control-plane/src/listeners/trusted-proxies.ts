import { BlockList, isIP } from 'node:net';
import { ClusterError } from '@cluster-ai/contracts';

const plain = (address: string) => address.replace(/^::ffff:(?=\d+\.)/i, '');
const familyOf = (address: string) => (isIP(address) === 6 ? 'ipv6' : 'ipv4');

export type IsTrustedProxy = (address: string) => boolean;

/** Whether an address is one of `listeners.trustedProxies`. Throws `config_invalid` for what is no address or network. */
export function createTrustedProxies(entries: readonly string[]): IsTrustedProxy {
  const trusted = new BlockList();
  for (const entry of entries) {
    const [address = '', prefix] = entry.split('/');
    const bits = prefix === undefined ? undefined : Number(prefix);
    try {
      if (bits === undefined) trusted.addAddress(address, familyOf(address));
      else trusted.addSubnet(address, bits, familyOf(address));
    } catch (cause) {
      throw new ClusterError('config_invalid', `"listeners.trustedProxies": "${entry}" is no address and no network.`, {
        hint: 'Write for example 10.0.0.5 or 10.0.0.0/24.',
        cause,
      });
    }
  }
  return (address) => {
    const bare = plain(address);
    return isIP(bare) !== 0 && trusted.check(bare, familyOf(bare));
  };
}
