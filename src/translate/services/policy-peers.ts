import type { NetworkPolicy } from '../../kube/types.ts';
import { readSelector, type Selector } from '../../scheduling/label-selector.ts';
import type { PeerPods } from './policy-down.ts';

/** Pods that a policy names as peers by their labels; without `namespaces` those of the policy's own namespace. */
export interface PodPeer {
  readonly namespaces: Selector | undefined;
  readonly pods: Selector;
}

interface PeerLists {
  readonly from?: readonly NamedPeer[];
  readonly to?: readonly NamedPeer[];
}

interface NamedPeer {
  readonly namespaceSelector?: PeerPods['namespaces'];
  readonly podSelector?: PeerPods['pods'];
}

/** The pods that a policy names by labels, ready to be asked. What it names by addresses is left out. */
export function podPeersOf({ spec }: NetworkPolicy): PodPeer[] {
  // The client library calls `from` something else.
  const rules = [...(spec?.ingress ?? []), ...(spec?.egress ?? [])] as readonly PeerLists[];
  const peers = rules.flatMap(({ from = [], to = [] }) => [...from, ...to]);
  return peers
    .filter(({ namespaceSelector, podSelector }) => namespaceSelector || podSelector)
    .map(({ namespaceSelector, podSelector }) => ({
      namespaces: namespaceSelector && readSelector(namespaceSelector as never),
      pods: readSelector((podSelector ?? {}) as never),
    }));
}
