import { beforeAll, describe, expect, it } from 'vitest';
import { carried, dropped, type Fates } from '../../src/translate/fates/fate.ts';
import { fates } from '../../src/translate/fates/fates.ts';
import { kubectl, openClusters } from '../clusters.ts';
import { faultsOf, type Schema } from '../openapi.ts';

const { upper } = openClusters();
let schemas: Record<string, Schema>;
let minor: number;

beforeAll(async () => {
  const get = async (path: string) => JSON.parse((await kubectl(upper, 'get', '--raw', path)).stdout);
  schemas = (await get('/openapi/v3/api/v1')).components.schemas;
  minor = Number.parseInt((await get('/version')).minor, 10);
});

const faults = (table: Record<string, Fates>) => faultsOf(table, schemas, 'io.k8s.api.core.v1.Pod', minor);

it('every field of a pod that the API server knows has a fate, and no other field', () => {
  expect(faults(fates)).toEqual([]);
});

it.each([
  'ObjectMeta',
  'PodSpec',
  'Container',
  'EphemeralContainer',
  'EnvVarSource',
  'Volume',
  'VolumeProjection',
  'PodStatus',
  'PodCondition',
  'ContainerStatus',
])('the fields of %s are decided one by one', (type) => {
  expect(Object.keys(fates)).toContain(type);
});

describe('it is noticed', () => {
  const { dnsConfig: _gone, ...forgetful } = fates['PodSpec'] ?? {};

  it.each<[string, Record<string, Fates>, string]>([
    ['when a field has no fate', { ...fates, PodSpec: forgetful }, 'PodSpec.dnsConfig has no fate'],
    [
      'when a field is not there',
      { ...fates, VolumeProjection: { ...fates['VolumeProjection'], rumour: carried() } },
      'VolumeProjection.rumour is not there',
    ],
    [
      'when a type is decided by no means whole',
      { ...fates, Probe: { exec: carried() } },
      'Probe.httpGet has no fate',
    ],
    ['when no field has a type', { ...fates, Rumour: { x: carried() } }, 'no field is a Rumour'],
  ])('%s', (_, table, fault) => {
    expect(faults(table)).toContain(fault);
  });

  it('but not for the fate of a field that an older or a newer API has', () => {
    const since = { ...dropped('x'), since: minor + 1 };
    const until = { ...dropped('x'), until: minor - 1 };
    const PodSpec = { ...fates['PodSpec'], tomorrow: since, yesterday: until };
    expect(faults({ ...fates, PodSpec })).toEqual([]);
    expect(faults({ ...fates, PodSpec: { ...PodSpec, today: { ...since, since: minor } } })).toEqual([
      'PodSpec.today is not there',
    ]);
  });
});
