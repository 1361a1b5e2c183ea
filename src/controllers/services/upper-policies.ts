import { Cache } from '../../kube/cache.ts';
import { namespaces, networkPolicies, pods, splitKey } from '../../kube/resources.ts';
import { slimMetadata } from '../../kube/slim-metadata.ts';
import type { KubeObject, NetworkPolicy, Pod } from '../../kube/types.ts';
import { Watches } from '../../kube/watches.ts';
import { readSelector } from '../../scheduling/label-selector.ts';
import type { PeerPods } from '../../translate/services/policy-down.ts';
import { type PodPeer, podPeersOf } from '../../translate/services/policy-peers.ts';
import { reflectFrom } from '../reflect.ts';
import type { PictureOptions } from '../shared-pictures.ts';
import { namespaceOf } from './upper-services.ts';

/** No namespace has this name. */
const anywhere = '*';

/** NetworkPolicies above and the pods that they may mean, wherever those run: one picture for all virtual nodes. */
export class UpperPolicies {
  /** The index `peers` finds policies by the namespaces of the pods that they name as peers, or {@link anywhere}. */
  readonly policies = new Cache<NetworkPolicy, 'namespace' | 'peers'>({
    namespace: namespaceOf,
    peers: (policy) => {
      const own = policy.metadata?.namespace ?? '';
      return new Set(this.#peersOf(policy).map(({ namespaces }) => (namespaces ? anywhere : own)));
    },
  });
  readonly pods = new Cache<Pod, 'namespace'>({ namespace: namespaceOf }, onlyPlace);
  readonly namespaces = new Cache<KubeObject>({});
  readonly watches: Watches;
  /** Read once for each state of a policy. */
  readonly #peers = new WeakMap<NetworkPolicy, PodPeer[]>();

  constructor({ upper, namespace, ...told }: PictureOptions) {
    const reflect = reflectFrom(upper, told);
    this.watches = new Watches([
      reflect(networkPolicies, this.policies, { namespace }),
      reflect(pods, this.pods, { namespace, slim: onlyPlace }),
      reflect<KubeObject>(namespaces, this.namespaces, { metadataOnly: true }),
    ]);
  }

  /** The names of the namespaces that a selector selects, in order. */
  namespacesOf(selector: NonNullable<PeerPods['namespaces']>): string[] {
    const { matches } = readSelector(selector as never);
    const found = [...this.namespaces.entries()].filter(([, { metadata }]) =>
      matches(metadata?.labels ?? {}),
    );
    return found.map(([name]) => name).sort();
  }

  /** The keys of the policies of whose peers a pod is one, in one of its states. */
  *concernedBy(states: readonly Pod[]): Generator<string> {
    const namespace = states[0]?.metadata?.namespace ?? '';
    const labels = this.namespaces.get(namespace)?.metadata?.labels ?? {};
    const isMeant = (own: string, { namespaces, pods }: PodPeer) =>
      (namespaces ? namespaces.matches(labels) : own === namespace) &&
      states.some(({ metadata }) => pods.matches(metadata?.labels ?? {}));
    const keys = [...this.policies.keysBy('peers', namespace), ...this.policies.keysBy('peers', anywhere)];
    for (const key of new Set(keys)) {
      const policy = this.policies.get(key);
      const own = splitKey(key).namespace;
      if (policy && this.#peersOf(policy).some((peer) => isMeant(own, peer))) yield key;
    }
  }

  /** The keys of the policies that name namespaces by their labels. */
  namingNamespaces(): Iterable<string> {
    return this.policies.keysBy('peers', anywhere);
  }

  #peersOf(policy: NetworkPolicy): PodPeer[] {
    const known = this.#peers.get(policy) ?? podPeersOf(policy);
    this.#peers.set(policy, known);
    return known;
  }

  /** The pods with an address that a policy of a namespace means. */
  *podsOf(own: string, peer: PeerPods): Generator<Pod> {
    const within = peer.namespaces ? this.namespacesOf(peer.namespaces) : [own];
    const { matches } = readSelector((peer.pods ?? {}) as never);
    for (const namespace of within)
      for (const pod of this.pods.by('namespace', namespace))
        if (pod.status?.podIP && matches(pod.metadata?.labels ?? {})) yield pod;
  }
}

/** Of a pod only what says whom a policy means, and where he is; one on the network of its node has no address. */
function onlyPlace(pod: Pod): Pod {
  const { metadata: { labels } = {}, spec, status } = pod;
  const isGone = status?.phase === 'Succeeded' || status?.phase === 'Failed';
  const { podIP, podIPs } = spec?.hostNetwork || isGone ? {} : (status ?? {});
  return {
    metadata: { ...slimMetadata(pod), ...(labels && { labels }) },
    spec: { containers: [], ...(spec?.hostNetwork && { hostNetwork: true }) },
    status: { ...(podIP && { podIP }), ...(podIPs && { podIPs }) },
  } as Pod;
}
