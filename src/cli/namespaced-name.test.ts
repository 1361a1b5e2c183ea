import { expect, test } from 'vitest';
import { parseNamespacedName } from './namespaced-name.ts';

test('a namespace and a name', () => {
  expect(parseNamespacedName('tried', 'shop/web')).toEqual({ namespace: 'shop', name: 'web' });
});

test.each(['', 'web', '/web', 'shop/', 'shop/web/0'])('"%s" is refused', (text) => {
  expect(() => parseNamespacedName('tried', text)).toThrow(
    `--tried is "${text}"; write it as NAMESPACE/NAME`,
  );
});
