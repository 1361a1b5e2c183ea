import type { PersistentVolume, PersistentVolumeClaim } from '../../kube/types.ts';
import { marks } from '../marks.ts';
import { owner, raw } from '../test-objects.ts';

interface Parts {
  metadata?: object;
  spec?: object;
  status?: object;
}

/** An upper claim that is bound; `parts` are merged field by field. */
export function upperClaim(parts: Parts = {}): PersistentVolumeClaim {
  return raw({
    metadata: { name: 'data', namespace: 'shop', uid: 'upper-uid', resourceVersion: '7', ...parts.metadata },
    spec: {
      accessModes: ['ReadWriteOnce'],
      storageClassName: 'fast',
      resources: { requests: { storage: '1Gi' } },
      ...parts.spec,
    },
    status: { phase: 'Bound', capacity: { storage: '1Gi' }, ...parts.status },
  });
}

/** The lower claim that was made for {@link upperClaim}. */
export function lowerClaim(parts: Parts = {}): PersistentVolumeClaim {
  return raw({
    metadata: {
      name: 'data',
      namespace: 'shop',
      uid: 'lower-uid',
      resourceVersion: '9',
      ...marks(owner, 'upper-uid'),
      ...parts.metadata,
    },
    spec: {
      accessModes: ['ReadWriteOnce'],
      storageClassName: 'ssd',
      volumeName: 'lower-volume',
      resources: { requests: { storage: '1Gi' } },
      ...parts.spec,
    },
    status: { phase: 'Bound', capacity: { storage: '1Gi' }, ...parts.status },
  });
}

/** The volume that {@link lowerClaim} is bound to. */
export function lowerVolume(spec: object = {}): PersistentVolume {
  return raw({
    metadata: { name: 'lower-volume', uid: 'lower-volume-uid' },
    spec: { capacity: { storage: '1Gi' }, ...spec },
  });
}
