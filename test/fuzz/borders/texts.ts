import { parseDuration } from '../../../src/cli/duration.ts';
import { parseNamespacedName } from '../../../src/cli/namespaced-name.ts';
import { nearest } from '../../../src/clusters/nearest.ts';
import { isLabelKey, isLabelValue, isNamespaceName, isNodeName } from '../../../src/kube/label-syntax.ts';
import { formatQuantity, parseQuantity } from '../../../src/kube/quantity.ts';
import { isLabelSelector, parseLabelSelector } from '../../../src/kube/selector.ts';
import { parseListenAddress } from '../../../src/operations/address.ts';
import { readResources, writeResources } from '../../../src/scheduling/resource-list.ts';
import { isAddressMap, readAddressMap } from '../../../src/translate/services/address-map.ts';
import { type Border, textsLike } from './border.ts';

const isPlain = (error: unknown) => error instanceof Error && error.name === 'Error';

/** What is written in one word or one line. */
export const texts: readonly Border[] = [
  {
    name: 'quantity',
    covers: ['kube/quantity.ts'],
    inputs: textsLike([
      '1.5Gi',
      '100m',
      '1e3',
      '-5',
      '+.5E6',
      '12345678901234567890n',
      '1e-9',
      '0.000000000000001',
    ]),
    mayThrow: (error) =>
      error instanceof RangeError && /is (not|out of range for) a quantity$/.test(error.message),
    read: (text) => {
      writeResources(readResources({ cpu: text, memory: text }));
      const value = parseQuantity(text);
      // What is finer than a billionth was rounded when it was read.
      return parseQuantity(formatQuantity(value, 'binary')) === value &&
        parseQuantity(formatQuantity(value, 'decimal')) === value
        ? 'read'
        : 'lost';
    },
  },
  {
    name: 'label selector',
    covers: ['kube/selector.ts', 'kube/label-syntax.ts'],
    inputs: textsLike(['pool=gpu,zone in (a, b),!spot', 'a!=b', 'a notin (b),c', 'example.com/a==b']),
    read: (text) => {
      const names = [
        isLabelKey(text),
        isLabelValue(text),
        isNamespaceName(text),
        isNodeName(text),
        isLabelSelector(text),
      ];
      return parseLabelSelector(text).length > 0 && names.length > 0 ? 'read' : 'nothing';
    },
  },
  {
    name: 'address map',
    covers: ['translate/services/address-map.ts'],
    inputs: textsLike([
      '10.244.0.0/16=100.64.0.0/16',
      'fd00:1::/64=fd00:2::/64',
      '::/1=8000::/1',
      '0.0.0.0/0=0.0.0.0/0',
    ]),
    mayThrow: isPlain,
    read: (text) => {
      isAddressMap(text.split(','));
      const map = readAddressMap(text.split(','));
      return map.real(map.seen('10.244.1.2')) === '10.244.1.2' && map.seen(text).length >= 0
        ? 'read'
        : 'lost';
    },
  },
  {
    name: 'address, time, name, nearest word',
    covers: ['operations/address.ts', 'cli/duration.ts', 'cli/namespaced-name.ts', 'clusters/nearest.ts'],
    inputs: textsLike(['127.0.0.1:10255', '[::1]:80', ':0', '5m', '90s', 'a/b', 'kubeconfig']),
    read: (text) => {
      nearest(text, ['kubeconfig', 'nodeSelector']);
      const readers = [() => parseDuration('a', text), () => parseNamespacedName('b', text)];
      const good = readers.filter((read) => {
        try {
          return read() !== undefined;
        } catch (error) {
          if (!isPlain(error)) throw error;
          return false;
        }
      });
      return parseListenAddress('--a', text) || good.length > 0 ? 'read' : 'nothing';
    },
  },
];
