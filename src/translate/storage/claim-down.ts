import { parseQuantity } from '../../kube/quantity.ts';
import type { PersistentVolume, PersistentVolumeClaim } from '../../kube/types.ts';
import { annotationsDown } from '../annotations-down.ts';
import { marks, type Owner } from '../marks.ts';

type ClaimSpec = NonNullable<PersistentVolumeClaim['spec']>;

/** What each cluster's own controllers write on a claim. */
const decidedByEach = ['pv.kubernetes.io/', 'volume.kubernetes.io/', 'volume.beta.kubernetes.io/'];

/** Why a claim cannot be had below, whatever its class; undefined when it can. */
export function claimRefusal({ spec }: PersistentVolumeClaim): string | undefined {
  const source = spec?.dataSourceRef ?? spec?.dataSource;
  if (!source) return undefined;
  return (
    `a claim made from a ${source.kind} (dataSource) is not carried to a lower cluster: snapshots and other claims ` +
    'stay where they are; make the claim empty, and fill it from a pod'
  );
}

/**
 * The lower claim of an upper one: same namespace and name, our marks, what it asks for, and the lower class. It finds
 * its volume anew.
 *
 * @param className undefined for the lower default class
 * @param volume the lower volume that it must have
 */
export function claimDown(
  upper: PersistentVolumeClaim,
  owner: Owner,
  className: string | undefined,
  volume?: PersistentVolume,
): PersistentVolumeClaim {
  const { name = '', namespace = '', uid = '', labels } = upper.metadata ?? {};
  const ours = marks(owner, uid);
  const {
    storageClassName: _class,
    volumeName: _volume,
    dataSource: _source,
    dataSourceRef: _sourceRef,
    ...asked
  } = upper.spec ?? {};
  return {
    metadata: {
      name,
      namespace,
      labels: { ...labels, ...ours.labels },
      annotations: { ...annotationsDown(upper.metadata, decidedByEach), ...ours.annotations },
    },
    spec: {
      ...asked,
      ...(className === undefined ? {} : { storageClassName: className }),
      ...(volume?.metadata?.name === undefined ? {} : { volumeName: volume.metadata.name }),
    } as ClaimSpec,
  };
}

/**
 * What of an upper claim's spec has changed since it went down, its size and its attributes; undefined when nothing
 * has. A claim that somebody made larger below stays so; a smaller one goes down only where that can be had: to give
 * up on growing.
 */
export function claimChanges(
  upper: PersistentVolumeClaim,
  lower: PersistentVolumeClaim,
): Partial<ClaimSpec> | undefined {
  const wanted = upper.spec?.resources?.requests?.['storage'];
  const attributes = upper.spec?.volumeAttributesClassName;
  const changes: Partial<ClaimSpec> = {
    ...(wanted !== undefined && isSizeToCarry(wanted, lower)
      ? { resources: { requests: { storage: wanted } } }
      : {}),
    ...(attributes && attributes !== lower.spec?.volumeAttributesClassName
      ? { volumeAttributesClassName: attributes }
      : {}),
  };
  return Object.keys(changes).length > 0 ? changes : undefined;
}

/** A claim without a volume cannot change its size at all. */
function isSizeToCarry(wanted: string, { spec, status }: PersistentVolumeClaim): boolean {
  if (status?.phase !== 'Bound') return false;
  const asked = parseQuantity(spec?.resources?.requests?.['storage'] ?? '0');
  const size = parseQuantity(wanted);
  const isGivingUp = size < asked && status.allocatedResourceStatuses?.['storage'] !== undefined;
  return size > asked || (isGivingUp && size > parseQuantity(status.capacity?.['storage'] ?? '0'));
}
