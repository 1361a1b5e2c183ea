import { describe, expect, test } from 'vitest';
import type { Container, PodSpec, Volume } from '../kube/types.ts';
import { withUpperView } from './downward-api.ts';
import { raw } from './test-objects.ts';

const uid = "metadata.annotations['isthmus.io/upper-uid']";
const node = "metadata.annotations['isthmus.io/virtual-node']";
const field = (fieldPath: string, more: object = {}) => ({
  fieldRef: { apiVersion: 'v1', fieldPath, ...more },
});

const withVariables = (container: Container, spec: PodSpec) =>
  withUpperView(raw<PodSpec>({ ...spec, containers: [container] })).containers[0];
const withItems = (volume: Volume) =>
  withUpperView(raw<PodSpec>({ containers: [], volumes: [volume] })).volumes?.[0];

describe('variables', () => {
  const variable = (valueFrom: object | null) =>
    withVariables(raw<Container>({ name: 'main', env: [{ name: 'X', valueFrom }] }), raw({}))?.env;

  test.each([
    ['metadata.uid', uid],
    ['spec.nodeName', node],
    // The API still takes the name that spec.nodeName had in its first version.
    ['spec.host', node],
  ])('%s is read from an annotation', (path, elsewhere) => {
    expect(variable(field(path, { later: 1 }))).toEqual([
      { name: 'X', valueFrom: field(elsewhere, { later: 1 }) },
    ]);
  });

  test.each([
    'metadata.name',
    'metadata.namespace',
    "metadata.labels['app']",
    "metadata.annotations['metadata.uid']",
    'status.podIP',
    'status.podIPs',
    'status.hostIP',
    'status.hostIPs',
    'constructor',
    'toString',
  ])('%s stays', (path) => {
    expect(variable(field(path))).toEqual([{ name: 'X', valueFrom: field(path) }]);
  });

  test.each([
    [{ serviceAccountName: 'builder' }, 'builder'],
    [{}, 'default'],
  ])('the service account is literal: no pod below has it', (spec, value) => {
    const container = raw<Container>({
      name: 'main',
      env: [{ name: 'SA', valueFrom: field('spec.serviceAccountName') }],
    });
    expect(withVariables(container, raw(spec))?.env).toEqual([{ name: 'SA', value }]);
  });

  test.each([
    { resourceFieldRef: { resource: 'limits.cpu' } },
    { configMapKeyRef: { name: 'c', key: 'k' } },
    { secretKeyRef: { name: 's', key: 'k' } },
    { fieldRef: null, secretKeyRef: { name: 's', key: 'k' } },
    null,
  ])('other sources stay: %j', (valueFrom) => {
    expect(variable(valueFrom)).toEqual([{ name: 'X', valueFrom }]);
  });

  test('the order of variables stays, for later ones name earlier ones', () => {
    const env = [
      { name: 'A', value: 'a' },
      { name: 'B', valueFrom: field('metadata.uid') },
      { name: 'C', value: '$(A) $(B)' },
    ];
    const found = withVariables(raw<Container>({ name: 'main', env }), raw({}))?.env;
    expect(found).toEqual([env[0], { name: 'B', valueFrom: field(uid) }, env[2]]);
  });

  test.each([{ name: 'main' }, { name: 'main', env: null }, { name: 'main', env: [] }])(
    '%j stays',
    (container) => {
      expect(withVariables(raw<Container>(container), raw({}))).toEqual(container);
    },
  );
});

describe('items of volumes', () => {
  const items = (path: string) => ({ items: [{ path: 'file', mode: 256, ...field(path) }] });

  test.each([
    ['metadata.uid', uid],
    ['metadata.labels', 'metadata.labels'],
    ['metadata.annotations', 'metadata.annotations'],
  ])('%s in a volume, alone and projected', (path, expected) => {
    expect(withItems(raw({ name: 'v', downwardAPI: { defaultMode: 420, ...items(path) } }))).toEqual({
      name: 'v',
      downwardAPI: { defaultMode: 420, ...items(expected) },
    });
    const projected = (source: object) => ({
      name: 'v',
      projected: { defaultMode: 420, sources: [{ configMap: { name: 'c' } }, { downwardAPI: source }] },
    });
    expect(withItems(raw(projected(items(path))))).toEqual(projected(items(expected)));
  });

  test.each([
    { name: 'v', emptyDir: {} },
    { name: 'v', downwardAPI: {} },
    { name: 'v', downwardAPI: { items: null } },
    { name: 'v', downwardAPI: { items: [{ path: 'cpu', resourceFieldRef: { resource: 'limits.cpu' } }] } },
    { name: 'v', downwardAPI: { items: [{ path: 'cpu', fieldRef: null }] } },
    { name: 'v', projected: { sources: null } },
    { name: 'v', projected: { sources: [{ downwardAPI: null }, { secret: { name: 's' } }] } },
    { name: 'v', projected: { sources: [{ downwardAPI: { items: null } }] } },
    { name: 'v', downwardAPI: null, projected: null },
  ])('stays as it is: %j', (volume) => {
    expect(withItems(raw(volume))).toEqual(volume);
  });
});
