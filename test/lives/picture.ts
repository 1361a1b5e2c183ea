import { configMaps, keyOf, pods, type Resource, secrets } from '../../src/kube/resources.ts';
import type { ConfigMap, KubeObject, Pod, Secret } from '../../src/kube/types.ts';
import { isOurs, type Owner } from '../../src/translate/marks.ts';
import { find } from '../objects.ts';
import type { Ground } from './ground.ts';

/** Both clusters at one moment, as far as a sequence concerns them. */
export interface Picture {
  readonly owner: Owner;
  /** By namespace/name. */
  readonly above: Side;
  readonly below: Side;
  readonly harmed: ReadonlySet<string>;
  readonly harmedSpaces: ReadonlySet<string>;
  readonly imageEdited: ReadonlySet<string>;
  /** What is no more as it was of what is not ours, in words. */
  readonly touched: readonly string[];
}

/** The objects of one cluster by namespace/name. */
export interface Side {
  readonly pods: ReadonlyMap<string, Pod>;
  readonly ConfigMap: ReadonlyMap<string, ConfigMap>;
  readonly Secret: ReadonlyMap<string, Secret>;
}

/** Asks both API servers now. */
export async function takePicture(ground: Ground): Promise<Picture> {
  const touched = await Promise.all([...ground.foreign].map((entry) => compareForeign(ground, ...entry)));
  return {
    owner: ground.owner,
    above: await sideOf(ground, 'above'),
    below: await sideOf(ground, 'below'),
    harmed: ground.harmed,
    harmedSpaces: ground.harmedSpaces,
    imageEdited: ground.imageEdited,
    touched: touched.flatMap((fault) => fault ?? []),
  };
}

/** All that would be another if anything moved between two pictures. */
export function fingerprint({ above, below }: Picture): string {
  return [above, below]
    .flatMap((side) => [side.pods, side.ConfigMap, side.Secret])
    .flatMap((objects) => [...objects.values()])
    .map(({ metadata }) => `${metadata?.uid}:${metadata?.resourceVersion}`)
    .join();
}

/** Of the objects in a map those that are ours, with their keys. */
export function ours<T extends KubeObject>(objects: ReadonlyMap<string, T>, owner: Owner): [string, T][] {
  return [...objects].filter(([, object]) => isOurs(object, owner));
}

async function sideOf(ground: Ground, side: 'above' | 'below'): Promise<Side> {
  const all = async <T extends KubeObject>(resource: Resource<T>) => {
    const lists = await Promise.all(
      ground.spaces.map((namespace) => ground[side].list(resource, { namespace })),
    );
    return new Map(lists.flatMap(({ items }) => items.map((item) => [keyOf(item), item] as const)));
  };
  const [podMap, configMap, secret] = await Promise.all([all(pods), all(configMaps), all(secrets)]);
  return { pods: podMap, ConfigMap: configMap, Secret: secret };
}

/** What has become of an object that is not ours, in words; undefined when it is as it was. */
export async function compareForeign(
  ground: Ground,
  key: string,
  { resource, json }: { resource: Resource<KubeObject>; json: string },
): Promise<string | undefined> {
  const [, namespace = '', name = ''] = key.split('/');
  const now = JSON.stringify(await find(ground.below, resource, { namespace, name }));
  return now === json ? undefined : `${key} is not ours and was touched: ${json} became ${now}`;
}
