import type { PicturedCluster } from '../clusters/feed/lower-pictures.ts';
import { ClaimsBelow } from '../clusters/placement/claims-below.ts';
import { PodsBelow } from '../clusters/placement/pod-below.ts';
import { VirtualNodes } from '../clusters/placement/virtual-nodes.ts';
import type { Node, PersistentVolumeClaim } from '../kube/types.ts';
import type { RankStrategy } from '../scheduling/rank.ts';
import { raw } from '../translate/test-objects.ts';
import { Choice } from './choice.ts';
import { Extender } from './extender.ts';
import { Reservations } from './reservations.ts';
import { UpperLoad } from './upper-load.ts';

export interface TestExtenderOptions {
  readonly now?: () => number;
  readonly strategy?: RankStrategy;
  readonly offer?: 'one' | 'several';
}

/** An extender of these clusters; each has a virtual node. */
export function testExtender(
  clusters: readonly PicturedCluster[],
  { now = () => 0, strategy = 'least-allocated', offer = 'several' }: TestExtenderOptions = {},
) {
  const names = new Set(clusters.map(({ configuration }) => configuration.nodeName));
  const extra = new Map<string, Node>();
  const nodeOf = (name: string) =>
    extra.get(name) ?? (names.has(name) ? raw<Node>({ metadata: { name } }) : undefined);
  const virtualNodes = new VirtualNodes({ nodesBy: 'nodeName', nodeOf });
  virtualNodes.setClusters(new Map(clusters.map((cluster) => [cluster.configuration.name, cluster])));
  const podsBelow = new PodsBelow();
  const claims = new Map<string, PersistentVolumeClaim>();
  const claimsBelow = new ClaimsBelow((key) => claims.get(key));
  const reservations = new Reservations(30_000, now);
  const upper = { staleness: undefined as string | undefined };
  const load = new UpperLoad(nodeOf);
  const choice = offer === 'one' ? new Choice({ virtualNodes, nodeOf, load, strategy }) : undefined;
  const extender = new Extender({
    virtualNodes,
    podsBelow,
    claimsBelow,
    reservations,
    strategy,
    choice,
    staleness: () => upper.staleness,
  });
  return { extender, load, reservations, podsBelow, claimsBelow, virtualNodes, upper, nodes: extra, claims };
}
