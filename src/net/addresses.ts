import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { ConfigError } from '../base/config.ts';

/**
 * Which addresses a user-named URL may lead to. Judged on bytes, never on text, so that no way of writing an address matters; what
 * does not parse strictly is refused. The rows are IANA's special-purpose registries (RFC 6890 and what came after).
 */
export const refusedNetworks = [
  '0.0.0.0/8', // this network
  '10.0.0.0/8', // private
  '100.64.0.0/10', // carrier-grade NAT; cloud metadata at 100.100.100.200
  '127.0.0.0/8', // loopback
  '169.254.0.0/16', // link local; cloud metadata at 169.254.169.254
  '172.16.0.0/12', // private
  '192.0.0.0/24', // protocol assignments; cloud metadata at 192.0.0.192
  '192.0.2.0/24', // documentation
  '192.88.99.0/24', // 6to4 relays
  '192.168.0.0/16', // private
  '198.18.0.0/15', // benchmarks
  '198.51.100.0/24', // documentation
  '203.0.113.0/24', // documentation
  '224.0.0.0/4', // multicast
  '240.0.0.0/4', // reserved, broadcast
  '::/128', // unspecified
  '::1/128', // loopback
  '::ffff:0:0/96', // IPv4, mapped
  '64:ff9b::/96', // IPv4, translated
  '64:ff9b:1::/48', // IPv4, translated locally
  '100::/64', // discard
  '2001::/32', // IPv4 inside Teredo
  '2001:db8::/32', // documentation
  '2002::/16', // IPv4 inside 6to4
  '3fff::/20', // documentation
  '5f00::/16', // segment routing
  'fc00::/7', // unique local; cloud metadata at fd00:ec2::254
  'fe80::/10', // link local
  'ff00::/8', // multicast
  // Of IPv6 only 2000::/3 is given out. The rest also holds old shapes with an IPv4 inside (::127.0.0.1, ::ffff:0:127.0.0.1, fec0::).
  '::/3',
  '4000::/2',
  '8000::/1',
] as const;

interface Network {
  readonly bytes: readonly number[];
  readonly bits: number;
}

function network(cidr: string): Network {
  const [address, bits] = ipaddr.parseCIDR(cidr);
  return { bytes: address.toByteArray(), bits };
}

const refused: readonly Network[] = refusedNetworks.map(network);

/** An IPv4 address is never inside an IPv6 network, mapped or not: their lengths differ. */
function contains({ bytes, bits }: Network, address: readonly number[]): boolean {
  if (bytes.length !== address.length) return false;
  return bytes.every((byte, index) => {
    const kept = Math.min(8, Math.max(0, bits - index * 8));
    const mask = (0xff << (8 - kept)) & 0xff;
    return (byte & mask) === ((address[index] ?? 0) & mask);
  });
}

export type MayReach = (address: string) => boolean;

/** `allow`: CIDRs that may be reached all the same, for the whole deployment. Throws ConfigError for what is no CIDR. */
export function createAddressRules(allow: readonly string[]): MayReach {
  const allowed = allow.map((cidr) => {
    if (!ipaddr.isValidCIDR(cidr))
      throw new ConfigError(`EGRESS_ALLOW=${cidr} must be a network such as 192.168.1.0/24 or fd00:1::/64.`);
    return network(cidr);
  });
  return (address) => {
    // A zone (fe80::1%eth0) names an interface of this machine: never somebody's public address.
    if (isIP(address) === 0 || address.includes('%')) return false;
    const bytes = ipaddr.parse(address).toByteArray();
    return allowed.some((net) => contains(net, bytes)) || !refused.some((net) => contains(net, bytes));
  };
}
