import { createHash } from 'node:crypto';
import type { Endpoint, EndpointSlice, Pod } from '../../kube/types.ts';
import { annotationsDown } from '../annotations-down.ts';
import { marks, type Owner } from '../marks.ts';
import { managedByLabel, serviceNameLabel, sliceManager } from '../names.ts';
import type { AddressMap } from './address-map.ts';

export interface SliceDownOptions {
  readonly owner: Owner;
  readonly addresses: AddressMap;
  /** The lower pod, in this lower cluster, of the upper pod that an endpoint names; undefined where it is elsewhere. */
  readonly lowerPodOf: (reference: NonNullable<Endpoint['targetRef']>) => Pod | undefined;
}

/** The Service of a slice, above and below. */
export function serviceNameOf({ metadata }: EndpointSlice): string | undefined {
  return metadata?.labels?.[serviceNameLabel];
}

/**
 * The lower copy of an upper EndpointSlice. Endpoints in this lower cluster are called what they are there; of the
 * others only what is true everywhere stays: the address, the name, the zone and the conditions.
 */
export function sliceDown(upper: EndpointSlice, options: SliceDownOptions): EndpointSlice {
  const { metadata, endpoints, ...content } = upper;
  const { namespace = '', name = '', uid = '' } = metadata ?? {};
  const ours = marks(options.owner, uid);
  const annotations = annotationsDown(metadata);
  return {
    ...content,
    metadata: {
      namespace,
      name,
      labels: { ...metadata?.labels, [managedByLabel]: sliceManager, ...ours.labels },
      annotations: { ...annotations, ...ours.annotations },
    },
    endpoints: (endpoints ?? []).map((endpoint) => endpointDown(endpoint, options)),
  };
}

function endpointDown(
  { targetRef, nodeName: _nodeName, hints, ...endpoint }: Endpoint,
  { addresses, lowerPodOf }: SliceDownOptions,
): Endpoint {
  const pod = targetRef && lowerPodOf(targetRef);
  const zones = hints?.forZones;
  if (!pod || !targetRef) return { ...endpoint, ...(zones && { hints: { forZones: zones } }) };
  const nodeName = pod.spec?.nodeName;
  // A hint for its own virtual node means its lower node.
  const nodes = hints?.forNodes && nodeName ? [{ name: nodeName }] : undefined;
  const { namespace, name, uid } = pod.metadata ?? {};
  return {
    ...endpoint,
    addresses: endpoint.addresses.map((address) => addresses.real(address)),
    ...(nodeName && { nodeName }),
    targetRef: { kind: 'Pod', ...(namespace && { namespace }), ...(name && { name }), ...(uid && { uid }) },
    ...((zones || nodes) && {
      hints: { ...(zones && { forZones: zones }), ...(nodes && { forNodes: nodes }) },
    }),
  };
}

/** Key under which a cached slice keeps {@link sliceHash} in place of its endpoints. */
const hashKey = 'isthmus.io/held-hash';

/** A short hash over everything of a slice that we decide, the same however its keys are ordered. */
export function sliceHash(slice: EndpointSlice): string {
  const { metadata, apiVersion: _version, kind: _kind, ...content } = slice;
  const { labels, annotations } = metadata ?? {};
  const text = JSON.stringify(ordered({ ...content, labels, annotations }));
  return createHash('sha256').update(text).digest('base64url').slice(0, 22);
}

/** What a cache keeps of a lower slice: metadata, address type, and the hash of all in place of the endpoints. */
export function withoutEndpoints(slice: EndpointSlice): EndpointSlice {
  // The cache takes in what it gave out.
  if (heldHash(slice) !== undefined) return slice;
  const { metadata, addressType } = slice;
  return { metadata, addressType, [hashKey]: sliceHash(slice) } as unknown as EndpointSlice;
}

/** Whether a slice that {@link withoutEndpoints} made smaller is as desired. */
export function isSliceInStep(desired: EndpointSlice, held: EndpointSlice): boolean {
  return heldHash(held) === sliceHash(desired);
}

function heldHash(slice: EndpointSlice): string | undefined {
  return (slice as unknown as Record<string, string | undefined>)[hashKey];
}

/** The same value with the keys of maps in order; what is null or an empty list counts as absent. */
function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(
    ([, part]) => part != null && !(Array.isArray(part) && part.length === 0),
  );
  return Object.fromEntries(
    entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, part]) => [key, ordered(part)]),
  );
}
