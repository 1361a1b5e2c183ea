import { describe, expect, test } from 'vitest';
import type { Pod } from '../../kube/types.ts';
import { against, node, pictureOf, pod, podOn, zoned } from '../test-pictures.ts';

const zone = 'topology.kubernetes.io/zone';
const host = 'kubernetes.io/hostname';
const web = { app: 'web' };
const nodes = () => [zoned('a1', 'a'), zoned('a2', 'a'), zoned('b1', 'b'), node('nowhere')];
const selecting = (matchLabels: object) => ({ labelSelector: { matchLabels } });

describe('topology spread', () => {
  const uneven = "node(s) didn't match pod topology spread constraints";
  const noLabel = `${uneven} (missing required label)`;
  const spread = (topologyKey: string, more: object = {}) => ({
    topologySpreadConstraints: [
      { topologyKey, maxSkew: 1, whenUnsatisfiable: 'DoNotSchedule', ...selecting(web), ...more },
    ],
  });
  const webOn = (...names: string[]) => names.map((name, index) => podOn(name, `web-${index}`, {}, web));
  const onlyA = { nodeSelector: { [zone]: 'a' } };
  test.each<[string, Pod[], object, object]>([
    ['nothing there', [], spread(zone), { [noLabel]: 1 }],
    ['one in a zone', webOn('a1'), spread(zone), { [uneven]: 2, [noLabel]: 1 }],
    ['one in each', webOn('a1', 'b1'), spread(zone), { [noLabel]: 1 }],
    ['more skew', webOn('a1'), spread(zone, { maxSkew: 2 }), { [noLabel]: 1 }],
    ['by node', webOn('a1', 'b1'), spread(host), { [uneven]: 2 }],
    [
      'pods that are going do not count',
      [podOn('a1', 'x', {}, web, { deletionTimestamp: '2026-01-01T00:00:00Z' })],
      spread(zone),
      { [noLabel]: 1 },
    ],
    [
      'pods of other namespaces do not count',
      [podOn('a1', 'x', {}, web, { namespace: 'other' })],
      spread(zone),
      { [noLabel]: 1 },
    ],
    ['other pods do not count', [podOn('a1', 'x')], spread(zone), { [noLabel]: 1 }],
    ['too few domains', webOn('a1', 'b1'), spread(zone, { minDomains: 3 }), { [uneven]: 3, [noLabel]: 1 }],
    ['enough domains', webOn('a1', 'b1'), spread(zone, { minDomains: 2 }), { [noLabel]: 1 }],
    ['only if it can be', webOn('a1'), spread(zone, { whenUnsatisfiable: 'ScheduleAnyway' }), {}],
    [
      'no selector counts nothing',
      webOn('a1', 'a1'),
      spread(zone, { labelSelector: undefined }),
      { [noLabel]: 1 },
    ],
    [
      'domains that the pod excludes',
      webOn('a1'),
      { ...spread(zone), ...onlyA },
      { "node(s) didn't match Pod's node affinity/selector": 2 },
    ],
    [
      'domains that the pod excludes, counted',
      webOn('a1'),
      { ...spread(zone, { nodeAffinityPolicy: 'Ignore' }), ...onlyA },
      { "node(s) didn't match Pod's node affinity/selector": 2, [uneven]: 2 },
    ],
    [
      'its own version only',
      [podOn('a1', 'x', {}, { ...web, version: '1' })],
      spread(zone, { matchLabelKeys: ['version'] }),
      { [noLabel]: 1 },
    ],
  ])('%s', (_, pods, spec, expected) => {
    expect(against(pictureOf(nodes(), pods), pod('p', spec, { ...web, version: '2' }))).toEqual(expected);
  });

  test('tainted nodes are domains unless the constraint honors taints', () => {
    const tainted = node('c1', { labels: { [zone]: 'c' }, taints: [{ key: 'k', effect: 'NoSchedule' }] });
    const picture = pictureOf([zoned('a1', 'a'), tainted], webOn('a1'));
    const taint = { 'node(s) had untolerated taint {k: }': 1 };
    expect(against(picture, pod('p', spread(zone), web))).toEqual({ ...taint, [uneven]: 1 });
    expect(against(picture, pod('p', spread(zone, { nodeTaintsPolicy: 'Honor' }), web))).toEqual(taint);
  });
});

describe('pod affinity', () => {
  const apart = "node(s) didn't match pod anti-affinity rules";
  const refusedBy = "node(s) didn't satisfy existing pods anti-affinity rules";
  const alone = "node(s) didn't match pod affinity rules";
  const affinity = (kind: 'podAffinity' | 'podAntiAffinity', ...terms: object[]) => ({
    affinity: { [kind]: { requiredDuringSchedulingIgnoredDuringExecution: terms } },
  });
  const near = (...terms: object[]) => affinity('podAffinity', ...terms);
  const far = (...terms: object[]) => affinity('podAntiAffinity', ...terms);
  const inZone = (labels: object, more: object = {}) => ({
    topologyKey: zone,
    ...selecting(labels),
    ...more,
  });
  const webOn = (name: string, more: object = {}, spec: object = {}) => podOn(name, 'web', spec, web, more);
  const anywhere = { namespaceSelector: {} };
  test.each<[string, Pod[], object, object]>([
    ['near one in its zone', [webOn('a1')], near(inZone(web)), { [alone]: 2 }],
    ['near nobody', [], near(inZone({ app: 'none' })), { [alone]: 4 }],
    ['near itself, as the first', [], near(inZone({ me: 'p' })), { [alone]: 1 }],
    [
      'near itself, but there is one',
      [podOn('b1', 'x', {}, { me: 'p' })],
      near(inZone({ me: 'p' })),
      { [alone]: 3 },
    ],
    [
      'near one that both terms mean',
      [podOn('a1', 'x', {}, { ...web, tier: 'x' })],
      near(inZone(web), { topologyKey: host, ...selecting({ tier: 'x' }) }),
      { [alone]: 3 },
    ],
    [
      'near two that each term means',
      [webOn('a1'), podOn('a1', 'y', {}, { tier: 'x' })],
      near(inZone(web), inZone({ tier: 'x' })),
      { [alone]: 4 },
    ],
    ['far from one in its zone', [webOn('a1')], far(inZone(web)), { [apart]: 2 }],
    [
      'far by any term',
      [webOn('a1')],
      far(inZone({ app: 'none' }), { topologyKey: host, ...selecting(web) }),
      { [apart]: 1 },
    ],
    ['another namespace', [webOn('a1', { namespace: 'other' })], far(inZone(web)), {}],
    [
      'a namespace by name',
      [webOn('a1', { namespace: 'other' })],
      far(inZone(web, { namespaces: ['other'] })),
      { [apart]: 2 },
    ],
    ['all namespaces', [webOn('a1', { namespace: 'other' })], far(inZone(web, anywhere)), { [apart]: 2 }],
    [
      'namespaces by label',
      [webOn('a1', { namespace: 'red' })],
      far(inZone(web, { namespaceSelector: { matchLabels: { color: 'red' } } })),
      { [apart]: 2 },
    ],
    [
      'other namespaces by label',
      [webOn('a1', { namespace: 'other' })],
      far(inZone(web, { namespaceSelector: { matchLabels: { color: 'red' } } })),
      {},
    ],
    [
      'namespaces without a label, which means all of them',
      [webOn('a1', { namespace: 'red' })],
      far(
        inZone(web, {
          namespaceSelector: { matchExpressions: [{ key: 'color', operator: 'DoesNotExist' }] },
        }),
      ),
      { [apart]: 2 },
    ],
    [
      'near one of the namespaces without a label, which means all of them',
      [webOn('a1', { namespace: 'red' })],
      near(
        inZone(web, {
          namespaceSelector: { matchExpressions: [{ key: 'color', operator: 'DoesNotExist' }] },
        }),
      ),
      { [alone]: 2 },
    ],
    ['no selector means nobody', [webOn('a1')], far({ topologyKey: zone }), {}],
    [
      'an empty selector means everybody',
      [webOn('a1')],
      far({ topologyKey: zone, labelSelector: {} }),
      { [apart]: 2 },
    ],
    ['its own version', [webOn('a1')], far(inZone(web, { matchLabelKeys: ['me'] })), {}],
    [
      'any version but its own',
      [webOn('a1')],
      far(inZone(web, { mismatchLabelKeys: ['me'] })),
      { [apart]: 2 },
    ],
    ['one that does not want it', [webOn('a1', {}, far(inZone({ me: 'p' })))], {}, { [refusedBy]: 2 }],
    ['one that does not want others', [webOn('a1', {}, far(inZone({ me: 'q' })))], {}, {}],
    [
      'one that wants nobody',
      [webOn('a1', {}, far({ topologyKey: host, labelSelector: {} }))],
      {},
      { [refusedBy]: 1 },
    ],
    [
      'one of another namespace that wants nobody of its own',
      [webOn('a1', { namespace: 'other' }, far({ topologyKey: zone, labelSelector: {} }))],
      {},
      {},
    ],
    [
      'one of another namespace that wants nobody at all',
      [webOn('a1', { namespace: 'other' }, far({ topologyKey: zone, labelSelector: {}, ...anywhere }))],
      {},
      { [refusedBy]: 2 },
    ],
    [
      'one that wants none of these values',
      [
        webOn(
          'a1',
          {},
          far({
            topologyKey: zone,
            labelSelector: { matchExpressions: [{ key: 'me', operator: 'In', values: ['x', 'p', 'p'] }] },
          }),
        ),
      ],
      {},
      { [refusedBy]: 2 },
    ],
  ])('%s', (_, pods, spec, expected) => {
    const picture = pictureOf(nodes(), pods);
    picture.applyNamespace({ metadata: { name: 'red', labels: { color: 'red' } } });
    expect(against(picture, pod('p', spec, { me: 'p' }))).toEqual(expected);
    for (const { metadata } of pods) picture.removePod(`${metadata?.namespace}/${metadata?.name}`);
    expect(against(picture, pod('p', {}, { me: 'p' }))).toEqual({});
  });
});
