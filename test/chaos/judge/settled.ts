import {
  configMaps,
  endpointSlices,
  keyOf,
  persistentVolumeClaims,
  pods,
  type Resource,
  secrets,
  services,
} from '../../../src/kube/resources.ts';
import type { ConfigMap, KubeObject, Pod, Secret } from '../../../src/kube/types.ts';
import { isOurs, upperUidOf } from '../../../src/translate/marks.ts';
import { dependencyFaults } from '../../lives/dependency-faults.ts';
import { compareForeign, type Picture, type Side } from '../../lives/picture.ts';
import { podFaults } from '../../lives/pod-faults.ts';
import type { ChaosWorld, Member } from '../world.ts';
import { lackingPods } from './replicated.ts';

/** What both sides are at one moment, and all that would be wrong with it if nothing moved any more. */
export interface Comparison {
  readonly faults: readonly string[];
  /** Another one when anything has moved. */
  readonly fingerprint: string;
  /** How many pairs of pods were compared. */
  readonly pairs: number;
}

/** Asks every API server now. @throws when one does not answer */
export async function compareAll(world: ChaosWorld): Promise<Comparison> {
  const upper = await listSide(world.above);
  const unscheduled = [...upper.pods.values()]
    .filter((pod) => pod.metadata?.labels?.['virtual-pod'] === 'true' && !pod.spec?.nodeName)
    .map((pod) => `pod ${keyOf(pod)} is not scheduled: ${pod.status?.conditions?.[0]?.message}`);
  const each = await Promise.all(world.members.map((member) => compareMember(world, member, upper)));
  return {
    faults: [...unscheduled, ...(await lackingPods(world)), ...each.flatMap(({ faults }) => faults)],
    fingerprint: [fingerprint(upper), ...each.map(({ print }) => print)].join('\n'),
    pairs: each.reduce((sum, { pairs }) => sum + pairs, 0),
  };
}

async function compareMember({ above }: ChaosWorld, { name, node, below, ground }: Member, upper: AllOf) {
  const lower = await listSide(below);
  const touched = await Promise.all([...ground.foreign].map((entry) => compareForeign(ground, ...entry)));
  const ownPods = new Map([...upper.pods].filter(([, pod]) => pod.spec?.nodeName === node));
  const jobs = [...ownPods.values()].filter(({ metadata }) => metadata?.ownerReferences?.[0]?.kind === 'Job');
  const picture: Picture = {
    owner: ground.owner,
    above: { ...upper, pods: ownPods },
    below: lower,
    // Pods of Jobs end by themselves: that is what they are for.
    harmed: new Set([...ground.harmed, ...jobs.map(({ metadata }) => metadata?.uid ?? '')]),
    harmedSpaces: ground.harmedSpaces,
    imageEdited: ground.imageEdited,
    touched: touched.flatMap((fault) => fault ?? []),
  };
  const others = await orphans(above, below, ground.owner);
  const faults = [...podFaults(picture), ...dependencyFaults(picture), ...picture.touched, ...others];
  return {
    faults: faults.map((fault) => `${name}: ${fault}`),
    print: fingerprint(lower),
    pairs: ownPods.size,
  };
}

/** Copies of other kinds than those that the pictures of random lives have, without an object above. */
async function orphans(
  above: ChaosWorld['above'],
  below: Member['below'],
  owner: Member['ground']['owner'],
): Promise<string[]> {
  const kinds: Resource<KubeObject>[] = [services, endpointSlices, persistentVolumeClaims];
  const found = await Promise.all(
    kinds.map(async (kind) => {
      const [up, down] = await Promise.all([above.list(kind, {}), below.list(kind, {})]);
      const uids = new Set(up.items.map(({ metadata }) => metadata?.uid));
      return down.items
        .filter((copy) => isOurs(copy, owner) && !uids.has(upperUidOf(copy) ?? ''))
        .map((copy) => `lower ${kind.kind} ${keyOf(copy)} has none above`);
    }),
  );
  return found.flat();
}

type AllOf = Side;

async function listSide(client: ChaosWorld['above']): Promise<AllOf> {
  const [podList, configMapList, secretList] = await Promise.all([
    client.list(pods, {}),
    client.list(configMaps, {}),
    client.list(secrets, {}),
  ]);
  const byKey = <T extends KubeObject>(items: readonly T[]) =>
    new Map(items.filter(isNoSystem).map((item) => [keyOf(item), item] as const));
  return {
    pods: byKey<Pod>(podList.items),
    ConfigMap: byKey<ConfigMap>(configMapList.items),
    Secret: byKey<Secret>(secretList.items),
  };
}

function isNoSystem({ metadata }: KubeObject): boolean {
  return !['kube-system', 'isthmus-system', 'isthmus-webhook'].includes(metadata?.namespace ?? '');
}

function fingerprint(side: Side): string {
  return [side.pods, side.ConfigMap, side.Secret]
    .flatMap((objects) => [...objects.values()])
    .map(({ metadata }) => `${metadata?.uid}:${metadata?.resourceVersion}`)
    .join();
}
