import type { PicturedCluster } from '../clusters/feed/lower-pictures.ts';
import { ClaimsBelow } from '../clusters/placement/claims-below.ts';
import { PodsBelow } from '../clusters/placement/pod-below.ts';
import { VirtualNodes } from '../clusters/placement/virtual-nodes.ts';
import type { Node, PersistentVolumeClaim } from '../kube/types.ts';
import { raw } from '../translate/test-objects.ts';
import { Extender } from './extender.ts';
import { Reservations } from './reservations.ts';

/** An extender of these clusters; each has a virtual node. */
export function testExtender(clusters: readonly PicturedCluster[], now: () => number = () => 0) {
  const names = new Set(clusters.map(({ configuration }) => configuration.nodeName));
  const extra = new Map<string, Node>();
  const virtualNodes = new VirtualNodes({
    nodesBy: 'nodeName',
    nodeOf: (name) => extra.get(name) ?? (names.has(name) ? raw<Node>({ metadata: { name } }) : undefined),
  });
  virtualNodes.setClusters(new Map(clusters.map((cluster) => [cluster.configuration.name, cluster])));
  const podsBelow = new PodsBelow();
  const claims = new Map<string, PersistentVolumeClaim>();
  const claimsBelow = new ClaimsBelow((key) => claims.get(key));
  const reservations = new Reservations(30_000, now);
  const upper = { staleness: undefined as string | undefined };
  const extender = new Extender({
    virtualNodes,
    podsBelow,
    claimsBelow,
    reservations,
    strategy: 'least-allocated',
    staleness: () => upper.staleness,
  });
  return { extender, reservations, podsBelow, claimsBelow, virtualNodes, upper, nodes: extra, claims };
}
