import type { ObjectMeta, Service, ServiceSpec } from '../../kube/types.ts';
import { annotationsDown } from '../annotations-down.ts';
import { carriedNamesOf } from '../carried.ts';
import { marks, type Owner, upperUidOf } from '../marks.ts';
import { isEqual } from '../merge-patch.ts';
import { carriedNamesAnnotation } from '../names.ts';
import type { Network } from './settings.ts';

/** What each cluster decides for itself, and what leads into the upper cluster from outside. */
const ofOneCluster = new Set([
  'clusterIP',
  'clusterIPs',
  'ipFamilies',
  'externalIPs',
  'externalTrafficPolicy',
  'healthCheckNodePort',
  'allocateLoadBalancerNodePorts',
  'loadBalancerClass',
  'loadBalancerIP',
  'loadBalancerSourceRanges',
]);

/** The fields that the lower cluster fills in, kept as they are there. */
const filledIn = ['clusterIP', 'clusterIPs', 'ipFamilies'] as const;

/**
 * The lower copy of an upper Service: reachable within the lower cluster only, at an address of that cluster. Fields
 * that are not named here travel as they are.
 *
 * @param network `flat` takes the selector away, so that the lower cluster's own controllers leave endpoints to us
 */
export function serviceDown(upper: Service, owner: Owner, network: Network): Service {
  const { namespace = '', name = '', uid = '' } = upper.metadata ?? {};
  const ours = marks(owner, uid);
  const annotations = annotationsDown(upper.metadata);
  const labels = { ...upper.metadata?.labels, ...ours.labels };
  const names = { labels: Object.keys(labels).sort(), annotations: Object.keys(annotations).sort() };
  return {
    metadata: {
      namespace,
      name,
      labels,
      annotations: { ...annotations, ...ours.annotations, [carriedNamesAnnotation]: JSON.stringify(names) },
    },
    spec: specDown(upper.spec ?? {}, network),
  };
}

function specDown(upper: ServiceSpec, network: Network): ServiceSpec {
  const spec = Object.fromEntries(
    Object.entries(upper).filter(([field]) => !ofOneCluster.has(field)),
  ) as ServiceSpec;
  if (network === 'flat') delete spec.selector;
  if (spec.ports) spec.ports = spec.ports.map(({ nodePort: _nodePort, ...port }) => port);
  if (isExternal(upper)) return spec;
  spec.type = 'ClusterIP';
  if (isHeadless(upper)) spec.clusterIP = 'None';
  const families = upper.ipFamilies ?? [];
  // Of one family, or of two if there are two: the lower cluster may have fewer or more than the upper one.
  const wanted = upper.ipFamilyPolicy === 'RequireDualStack' ? families : families.slice(0, 1);
  if (wanted.length > 0) spec.ipFamilies = wanted;
  return spec;
}

/** The Service for a lower cluster that has no addresses of the family that it asks for; undefined if it insists. */
export function withoutFamilies({ spec, ...service }: Service): Service | undefined {
  if (!spec?.ipFamilies || spec.ipFamilyPolicy === 'RequireDualStack') return undefined;
  const { ipFamilies: _families, ...rest } = spec;
  return { ...service, spec: rest };
}

/**
 * What must be written so that a lower Service is as desired: nothing, the whole object, or another one in its place.
 * Labels and annotations that something below added stay.
 */
export function serviceToWrite(desired: Service, lower: Service): Service | 'recreate' | undefined {
  const [want, have] = [desired.spec ?? {}, lower.spec ?? {}];
  if (mustBeMadeAnew(desired, lower)) return 'recreate';
  const metadata = mergedMetadata(desired.metadata, lower.metadata);
  const spec = { ...want };
  if (!isExternal(want) && !isExternal(have)) {
    for (const field of filledIn)
      if (have[field] !== undefined) Object.assign(spec, { [field]: have[field] });
  }
  const before = { labels: lower.metadata?.labels, annotations: lower.metadata?.annotations, spec: have };
  const after = { labels: metadata.labels, annotations: metadata.annotations, spec };
  return isEqual(before as never, after as never) ? undefined : { ...lower, metadata, spec };
}

function mustBeMadeAnew(desired: Service, lower: Service): boolean {
  const [want, have] = [desired.spec ?? {}, lower.spec ?? {}];
  // What the lower cluster's own controllers found by the selector would stay for ever.
  if (hasSelector(have) && !hasSelector(want)) return true;
  if (isExternal(want) || isExternal(have)) return false;
  // The API server changes neither in a Service that is there.
  if (isHeadless(want) !== isHeadless(have)) return true;
  const isAnother = upperUidOf(desired) !== upperUidOf(lower);
  return isAnother && want.ipFamilies !== undefined && want.ipFamilies[0] !== have.ipFamilies?.[0];
}

function mergedMetadata(desired: ObjectMeta = {}, lower: ObjectMeta = {}): ObjectMeta {
  const carried = carriedNamesOf(lower);
  return {
    ...lower,
    labels: merged(lower.labels, desired.labels, carried.labels),
    annotations: merged(lower.annotations, desired.annotations, carried.annotations),
  };
}

function merged(
  lower: Record<string, string> = {},
  desired: Record<string, string> = {},
  carried: readonly string[],
): Record<string, string> {
  const kept = Object.entries(lower).filter(([key]) => !carried.includes(key));
  return { ...Object.fromEntries(kept), ...desired };
}

/** Whether the endpoints of an upper Service go down as slices: the lower cluster finds no others by itself. */
export function carriesEndpoints({ spec }: Service, network: Network): boolean {
  return !isExternal(spec ?? {}) && (network === 'flat' || !hasSelector(spec ?? {}));
}

function hasSelector({ selector }: ServiceSpec): boolean {
  return Object.keys(selector ?? {}).length > 0;
}

function isHeadless({ clusterIP }: ServiceSpec): boolean {
  return clusterIP === 'None';
}

function isExternal({ type }: ServiceSpec): boolean {
  return type === 'ExternalName';
}
