import { expect, test } from 'vitest';
import { isPodShaped } from './pod-shape.ts';

const metadata = { name: 'web', labels: { app: 'web' }, annotations: null };
const spec = (more: object) => ({ metadata, spec: { containers: [{ name: 'main' }], ...more } });
const spread = { topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule', maxSkew: 1 };
const nested = (levels: number): unknown => (levels === 0 ? 1 : { a: nested(levels - 1) });

test.each<[string, object]>([
  ['little', spec({})],
  ['nulls', spec({ tolerations: null, affinity: null, volumes: null, nodeSelector: null })],
  ['amounts as text and as numbers', spec({ overhead: { cpu: '1', memory: 5 } })],
  ['what is not known here', spec({ later: [1, { a: null }], volumes: [{ name: 'a', later: 5 }] })],
  ['a spread', spec({ topologySpreadConstraints: [spread] })],
])('a pod with %s is one', (_, pod) => {
  expect(isPodShaped(pod)).toBe(true);
});

test.each<[string, unknown]>([
  ['nothing', undefined],
  ['a list', []],
  ['no containers', { metadata, spec: {} }],
  ['a container that is null', spec({ containers: [null] })],
  ['a label that is a number', { metadata: { labels: { a: 1 } }, spec: { containers: [] } }],
  ['tolerations that are text', spec({ tolerations: 'all' })],
  ['a spread without a key', spec({ topologySpreadConstraints: [{ ...spread, topologyKey: null }] })],
  ['a spread that is a map', spec({ topologySpreadConstraints: spread })],
  ['requests that are a list', spec({ initContainers: [{ resources: { requests: [[]] } }] })],
  ['a volume without a name', spec({ volumes: [{ emptyDir: {} }] })],
  ['a claim without a name', spec({ volumes: [{ name: 'a', persistentVolumeClaim: {} }] })],
  ['more levels than anybody writes', spec({ later: nested(100) })],
  ['more levels than the stack has', JSON.parse(`{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`)],
])('%s is none', (_, pod) => {
  expect(isPodShaped(pod)).toBe(false);
});
