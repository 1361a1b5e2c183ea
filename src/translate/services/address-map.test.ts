import { expect, test } from 'vitest';
import { isAddressMap, readAddressMap, withSeenAddresses } from './address-map.ts';

test.each<[string, string, string]>([
  ['10.244.0.0/16=100.64.0.0/16', '10.244.3.7', '100.64.3.7'],
  ['10.244.0.0/16=100.64.0.0/16', '10.244.255.255', '100.64.255.255'],
  ['10.0.0.0/8=11.0.0.0/8', '10.200.30.4', '11.200.30.4'],
  ['10.1.2.3/32=192.168.0.1/32', '10.1.2.3', '192.168.0.1'],
  ['fd00:1::/64=fd00:2::/64', 'fd00:1::a:b', 'fd00:2::a:b'],
  ['fd00:1::/64=fd00:2::/64', 'fd00:1:0:0:1:0:0:b', 'fd00:2::1:0:0:b'],
  ['fd00:1::/112=::/112', 'fd00:1::', '::'],
  ['fd00::/120=1:2:3:4:5:6:7:0/120', 'fd00::8', '1:2:3:4:5:6:7:8'],
])('%s maps %s to %s, and back', (pair, real, seen) => {
  const map = readAddressMap([pair]);
  expect(map.seen(real)).toBe(seen);
  // What is seen already stays as it is, however often it is asked.
  expect(map.seen(seen)).toBe(seen);
  expect(map.seen(map.real(seen))).toBe(seen);
});

test('leaves alone what no pair maps', () => {
  const map = readAddressMap(['10.244.0.0/16=100.64.0.0/16', 'fd00:1::/64=fd00:2::/64']);
  for (const address of ['10.245.0.1', '192.168.1.1', 'fd00:3::1', 'example.com', '', '10.244.0.256'])
    expect([map.seen(address), map.real(address)]).toEqual([address, address]);
});

test('without pairs every address is its own', () => {
  expect(readAddressMap([]).seen('fd00:0:0::1')).toBe('fd00:0:0::1');
});

test.each([
  ['no second range', ['10.244.0.0/16']],
  ['three ranges', ['10.244.0.0/16=10.1.0.0/16=10.2.0.0/16']],
  ['ranges of different length', ['10.244.0.0/16=10.0.0.0/8']],
  ['different families', ['10.244.0.0/16=fd00::/112']],
  ['an address within a range', ['10.244.0.1/16=10.2.0.0/16']],
  ['a length that is none', ['10.244.0.0/33=10.2.0.0/33']],
  ['no address', ['a/16=b/16']],
  ['too many groups', ['1:2:3:4:5:6:7:8:9/128=::1/128']],
  ['two double colons', ['1::2::3/128=::1/128']],
  ['a range into itself', ['10.0.0.0/8=10.0.0.0/8']],
  ['a chain', ['10.1.0.0/16=10.2.0.0/16', '10.2.0.0/16=10.3.0.0/16']],
  ['two into one', ['10.1.0.0/16=10.3.0.0/16', '10.2.0.0/16=10.3.0.0/16']],
])('refuses %s', (_, pairs) => {
  expect(isAddressMap(pairs)).toBe(false);
});

test('a pod has the addresses that others see, each by itself, and keeps them', () => {
  const map = readAddressMap(['fd00:1::/64=fd00:2::/64']);
  const pod = {
    status: { phase: 'Running', podIP: '10.1.0.1', podIPs: [{ ip: '10.1.0.1' }, { ip: 'fd00:1::5' }] },
  };
  const seen = withSeenAddresses(pod, map);
  expect(seen.status).toEqual({
    phase: 'Running',
    podIP: '10.1.0.1',
    podIPs: [{ ip: '10.1.0.1' }, { ip: 'fd00:2::5' }],
  });
  expect(withSeenAddresses(seen, map)).toBe(seen);
  expect(withSeenAddresses({ status: { phase: 'Pending' } }, map)).toEqual({ status: { phase: 'Pending' } });
});
