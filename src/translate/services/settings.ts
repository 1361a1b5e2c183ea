import type { LabelRequirement } from '../../kube/selector.ts';
import type { Service } from '../../kube/types.ts';
import { readSelector } from '../../scheduling/label-selector.ts';
import { serviceAnnotation } from '../names.ts';

/**
 * Which endpoints the Services of a lower cluster have: all, wherever they run, for pod addresses that reach across
 * clusters; or those of its own pods, which its own controllers find by the selector.
 */
export const networks = ['flat', 'local'] as const;
export type Network = (typeof networks)[number];

/** What an operator says of the Services of one lower cluster; plain, so that two can be compared. */
export interface ServiceSettings {
  readonly network: Network;
  /** See {@link readAddressMap}. */
  readonly podCidrMap: readonly string[];
  /** Only Services that this label selector selects go down; undefined means all. */
  readonly selector: string | undefined;
  /** Whether `kubernetes.default.svc` is the upper API server to pods below. */
  readonly kubernetes: boolean;
  /** Names of Services of kube-system that go down wherever pods of ours are. */
  readonly system: readonly string[];
}

/** A cluster of which nothing is said. */
export const defaultServiceSettings: ServiceSettings = {
  network: 'flat',
  podCidrMap: [],
  selector: undefined,
  kubernetes: false,
  system: [],
};

/** When a Service is below: with pods of its namespace, with any pods of ours, always, or never. */
export type Presence = 'with its pods' | 'with any pods' | 'always' | 'never';

export interface Choice {
  readonly requirements: readonly LabelRequirement[];
  readonly system: ReadonlySet<string>;
}

/**
 * When an upper Service is to be below. `default/kubernetes` is each cluster's own, and so is what runs the cluster in
 * kube-system, unless it is named.
 *
 * @param isExported whether a ServiceExport asks for it in every cluster
 */
export function presenceOf(
  { metadata, spec }: Service,
  { requirements, system }: Choice,
  isExported = false,
): Presence {
  const { namespace, name = '', labels = {}, annotations } = metadata ?? {};
  if (namespace === 'kube-system') return system.has(name) ? 'with any pods' : 'never';
  if (namespace === 'default' && name === 'kubernetes') return 'never';
  const said = annotations?.[serviceAnnotation];
  if (said === 'false') return 'never';
  // What is only another name is nothing to export (KEP-1645).
  if (isExported && spec?.type !== 'ExternalName') return 'always';
  const isChosen = said === 'true' || readSelector({}, requirements).matches(labels);
  return isChosen ? 'with its pods' : 'never';
}
