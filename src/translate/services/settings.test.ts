import { expect, test } from 'vitest';
import { parseLabelSelector } from '../../kube/selector.ts';
import { type Presence, presenceOf } from './settings.ts';

test.each<[string, { namespace?: string; name?: string; labels?: object; says?: string }, string, Presence]>([
  ['any', {}, '', 'with its pods'],
  ['one that the selector selects', { labels: { share: 'yes' } }, 'share=yes', 'with its pods'],
  ['one that it does not', { labels: { share: 'no' } }, 'share=yes', 'never'],
  ['one without labels', {}, 'share=yes', 'never'],
  ['one that says no', { says: 'false' }, '', 'never'],
  ['one that says yes', { says: 'true' }, 'share=yes', 'with its pods'],
  ['one that says something else', { says: 'maybe' }, '', 'with its pods'],
  ['the API server', { namespace: 'default', name: 'kubernetes', says: 'true' }, '', 'never'],
  ['another in default', { namespace: 'default' }, '', 'with its pods'],
  ['a part of the cluster', { namespace: 'kube-system', name: 'kube-dns', says: 'true' }, '', 'never'],
  ['a part that is named', { namespace: 'kube-system', name: 'registry' }, 'share=yes', 'with any pods'],
])('%s', (_, { namespace = 'shop', name = 'web', labels, says }, selector, expected) => {
  const annotations = says === undefined ? {} : { annotations: { 'isthmus.io/service': says } };
  const metadata = { namespace, name, ...(labels && { labels }), ...annotations };
  const choice = { requirements: parseLabelSelector(selector), system: new Set(['registry']) };
  expect(presenceOf({ metadata } as never, choice)).toBe(expected);
});

test.each<[string, object, object, Presence]>([
  ['an exported one', {}, {}, 'always'],
  ['an exported one that the selector leaves out', { labels: { share: 'no' } }, {}, 'always'],
  ['an exported one that says no', { annotations: { 'isthmus.io/service': 'false' } }, {}, 'never'],
  ['the API server, exported', { namespace: 'default', name: 'kubernetes' }, {}, 'never'],
  ['a part of the cluster, exported', { namespace: 'kube-system', name: 'kube-dns' }, {}, 'never'],
  ['another name, exported', { labels: { share: 'yes' } }, { type: 'ExternalName' }, 'with its pods'],
])('%s', (_, more, spec, expected) => {
  const choice = { requirements: parseLabelSelector('share=yes'), system: new Set<string>() };
  const service = { metadata: { namespace: 'shop', name: 'web', ...more }, spec };
  expect(presenceOf(service as never, choice, true)).toBe(expected);
});
