import type { ClusterConfiguration } from '../clusters/lower-cluster.ts';
import { parseLabelSelector } from '../kube/selector.ts';
import type { Pod } from '../kube/types.ts';
import { type PodDownOptions, podDown } from '../translate/pod-down.ts';

/** No scheduler asks whose a pod is, nor as whom it acts. */
const nobody = { upperCluster: '', virtualNode: '' };
const nowhere = { host: '', port: '' };

/** Makes pods what they will be in a lower cluster, for the questions of its scheduler. */
export class PodsBelow {
  readonly #options = new WeakMap<ClusterConfiguration, PodDownOptions>();

  /** The pod as the provider of this cluster would make it, as far as scheduling goes. */
  of(pod: Pod, configuration: ClusterConfiguration): Pod {
    return podDown(pod, nobody, this.#optionsOf(configuration));
  }

  #optionsOf(configuration: ClusterConfiguration): PodDownOptions {
    const known = this.#options.get(configuration);
    if (known) return known;
    const { ignoreLabels, nodeSelector = '' } = configuration;
    const options: PodDownOptions = {
      ignoreLabels: new Set(ignoreLabels),
      serviceAccounts: 'none',
      upperApi: nowhere,
      nodeRequirements: parseLabelSelector(nodeSelector),
    };
    this.#options.set(configuration, options);
    return options;
  }
}
