import { LRUCache } from 'lru-cache';
import { parseLabelSelector } from '../../kube/selector.ts';
import type { Pod } from '../../kube/types.ts';
import { clusterSelectorAnnotation } from '../../translate/names.ts';
import { type PodDownOptions, podDown } from '../../translate/pod-down.ts';
import type { ClusterConfiguration } from '../lower-cluster.ts';

/** No scheduler asks whose a pod is, nor as whom it acts. */
const nobody = { upperCluster: '', virtualNode: '' };
const nowhere = { host: '', port: '' };

/** A pod as it would be in each lower cluster; the same object for clusters where it would be the same. */
export type PodBelow = (configuration: ClusterConfiguration) => Pod;

interface Translation {
  readonly options: PodDownOptions;
  readonly shape: string;
}

/** A scheduler asks two things of a pod, one right after the other. */
const remembered = 16;

/** Makes pods what they will be in a lower cluster, for the questions of its scheduler. */
export class PodsBelow {
  readonly #translations = new WeakMap<ClusterConfiguration, Translation>();
  /** By uid, version and clusterSelector of the pod: who looks ahead asks about pods with another one. */
  readonly #asked = new LRUCache<string, PodBelow>({ max: remembered });

  /** The pod as the provider of each cluster would make it, as far as scheduling goes. */
  of(pod: Pod): PodBelow {
    const { uid, resourceVersion, annotations } = pod.metadata ?? {};
    if (!uid || !resourceVersion) return this.#belowOf(pod);
    const version = `${uid}/${resourceVersion}/${annotations?.[clusterSelectorAnnotation] ?? ''}`;
    const known = this.#asked.get(version);
    if (known) return known;
    const below = this.#belowOf(pod);
    this.#asked.set(version, below);
    return below;
  }

  #belowOf(pod: Pod): PodBelow {
    const made = new Map<string, Pod>();
    return (configuration) => {
      const { options, shape } = this.#translationOf(configuration);
      const known = made.get(shape);
      if (known) return known;
      const below = podDown(pod, nobody, options);
      made.set(shape, below);
      return below;
    };
  }

  #translationOf(configuration: ClusterConfiguration): Translation {
    const known = this.#translations.get(configuration);
    if (known) return known;
    const { ignoreLabels, nodeSelector = '' } = configuration;
    const options: PodDownOptions = {
      ignoreLabels: new Set(ignoreLabels),
      serviceAccounts: 'none',
      upperApi: nowhere,
      nodeRequirements: parseLabelSelector(nodeSelector),
    };
    const translation = { options, shape: JSON.stringify([ignoreLabels, nodeSelector]) };
    this.#translations.set(configuration, translation);
    return translation;
  }
}
