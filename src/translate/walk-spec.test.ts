import { describe, expect, test } from 'vitest';
import type { PodSpec, Volume } from '../kube/types.ts';
import { raw } from './test-objects.ts';
import { containersOf, mapContainers, mapSources, mapVolumes } from './walk-spec.ts';

const spec = raw<PodSpec>({
  initContainers: [{ name: 'i', volumeMounts: [{ name: 'a' }, { name: 'b' }] }],
  containers: [
    {
      name: 'c',
      volumeMounts: [
        { name: 'b', mountPath: '/1' },
        { name: 'b', mountPath: '/2' },
      ],
    },
    { name: 'd' },
  ],
  ephemeralContainers: [{ name: 'e', targetContainerName: 'c', volumeMounts: null }],
  volumes: [
    { name: 'a', emptyDir: {} },
    { name: 'b', secret: { secretName: 's' } },
  ],
  later: { x: 1 },
});

test('containersOf: all of them, init first', () => {
  expect(containersOf({ spec }).map(({ name }) => name)).toEqual(['i', 'c', 'd', 'e']);
  for (const pod of [
    {},
    { spec: null },
    { spec: { containers: null, initContainers: null, ephemeralContainers: null } },
  ])
    expect(containersOf(raw(pod))).toEqual([]);
});

describe('mapContainers', () => {
  test('changes every container and nothing else', () => {
    const mapped = mapContainers(spec, (container) => ({ ...container, tty: true }));
    expect(containersOf({ spec: mapped })).toEqual(
      containersOf({ spec }).map((container) => ({ ...container, tty: true })),
    );
    expect(mapped).toMatchObject({ volumes: spec.volumes, later: { x: 1 } });
  });

  test('makes no lists that were not there', () => {
    expect(mapContainers(raw({ containers: [] }), (container) => container)).toEqual({ containers: [] });
    const nulls = raw<PodSpec>({ containers: null, initContainers: null, ephemeralContainers: null });
    expect(mapContainers(nulls, (container) => container)).toMatchObject({
      containers: [],
      initContainers: null,
    });
  });
});

describe('mapVolumes', () => {
  test('a volume that goes takes its mounts from every container', () => {
    const mapped = mapVolumes(spec, (volume) => (volume.name === 'b' ? undefined : volume));
    expect(mapped.volumes).toEqual([{ name: 'a', emptyDir: {} }]);
    expect(containersOf({ spec: mapped })).toEqual([
      { name: 'i', volumeMounts: [{ name: 'a' }] },
      { name: 'c', volumeMounts: [] },
      { name: 'd' },
      { name: 'e', targetContainerName: 'c', volumeMounts: null },
    ]);
  });

  test('where all stay, so do the containers', () => {
    const mapped = mapVolumes(spec, (volume) => ({ ...volume, name: volume.name }));
    expect(mapped).toEqual(spec);
    expect(mapped.containers).toBe(spec.containers);
  });

  test.each([{ containers: [] }, { containers: [], volumes: null }])('%j stays', (without) => {
    expect(mapVolumes(raw<PodSpec>(without), () => undefined)).toEqual(without);
  });
});

describe('mapSources', () => {
  test('each source with its place, other fields of the volume as they are', () => {
    const volume = raw<Volume>({
      name: 'v',
      later: 1,
      projected: { defaultMode: 256, sources: [{}, { secret: { name: 's' } }] },
    });
    expect(mapSources(volume, (source, index) => ({ ...source, configMap: { name: `${index}` } }))).toEqual({
      name: 'v',
      later: 1,
      projected: {
        defaultMode: 256,
        sources: [{ configMap: { name: '0' } }, { secret: { name: 's' }, configMap: { name: '1' } }],
      },
    });
  });

  test.each([{ name: 'v' }, { name: 'v', projected: null }, { name: 'v', projected: { sources: null } }])(
    '%j stays',
    (volume) => {
      expect(mapSources(raw<Volume>(volume), () => ({}))).toEqual(volume);
    },
  );
});
