import fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/base/config.ts';
import { createAddressRules, refusedNetworks } from '../../src/net/addresses.ts';

const mayReach = createAddressRules([]);

describe('addresses that a user may name', () => {
  it.each([...refusedNetworks])('refuses the first, the last and any address of %s', (cidr) => {
    const [network, bits] = ipaddr.parseCIDR(cidr);
    const first = network.toByteArray();
    const at = (fill: readonly number[]) => {
      const bytes = first.map((byte, index) => {
        const free = 8 - Math.min(8, Math.max(0, bits - index * 8));
        return byte | ((fill[index] ?? 0) & (2 ** free - 1));
      });
      return ipaddr.fromByteArray(bytes).toString();
    };
    expect(mayReach(at([]))).toBe(false);
    expect(mayReach(at(Array(16).fill(255)))).toBe(false);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 16, maxLength: 16 }), (fill) => {
        expect(mayReach(at(fill))).toBe(false);
      }),
      { numRuns: 50 },
    );
  });

  it.each([
    '1.1.1.1',
    '9.255.255.255',
    '11.0.0.0',
    '100.63.255.255',
    '100.128.0.0',
    '126.255.255.255',
    '128.0.0.0',
    '169.253.255.255',
    '172.15.255.255',
    '172.32.0.0',
    '192.0.1.0',
    '192.167.255.255',
    '192.169.0.0',
    '198.17.255.255',
    '198.20.0.0',
    '223.255.255.255',
    '2606:4700:4700::1111',
    '2001:4860:4860::8888',
    '2a00:1450:4001:831::200e',
  ])('reaches %s', (address) => {
    expect(mayReach(address)).toBe(true);
  });

  it.each([
    '',
    'localhost',
    '127.1',
    '0x7f.0.0.1',
    '2130706433',
    '010.0.0.1',
    'fe80::1%eth0',
    '2606:4700::1%lo',
    '1.1.1.1 ',
    '1.1.1.1/8',
    ':::',
  ])('refuses %j, which is no address as resolvers write them', (text) => {
    expect(mayReach(text)).toBe(false);
  });

  it('reaches the private networks that the deployment allows, and no others', () => {
    const home = createAddressRules(['192.168.1.0/24', 'fd00:1::/64', '10.0.0.7/32']);
    expect(['192.168.1.0', '192.168.1.255', 'fd00:1::5', '10.0.0.7'].map(home)).toEqual([true, true, true, true]);
    expect(['192.168.2.1', '192.168.0.255', 'fd00:1:0:1::5', '10.0.0.8', '127.0.0.1'].map(home)).not.toContain(true);
  });

  it('keeps the mapped form of an allowed address refused', () => {
    expect(createAddressRules(['127.0.0.0/8'])('::ffff:127.0.0.1')).toBe(false);
  });

  it.each(['192.168.1.0', 'home', '10.0.0.0/33', ''])('says that %j in EGRESS_ALLOW is no network', (cidr) => {
    expect(() => createAddressRules([cidr])).toThrow(ConfigError);
  });
});
