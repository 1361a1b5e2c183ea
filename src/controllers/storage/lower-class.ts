import type { PersistentVolumeClaim } from '../../kube/types.ts';
import { classNameOf } from '../../translate/storage/claim-place.ts';
import { type LowerClass, lowerClassOf } from '../../translate/storage/class-map.ts';
import type { StorageSync } from './storage-sync.ts';

const isDefault = 'storageclass.kubernetes.io/is-default-class';

/** The class of an upper claim below, or why there is none. */
export function lowerClassFor(
  { classMap, lowerClasses }: Pick<StorageSync, 'classMap' | 'lowerClasses'>,
  claim: PersistentVolumeClaim,
): LowerClass {
  return lowerClassOf(classNameOf(claim), classMap, {
    has: (name) => lowerClasses.get(name) !== undefined,
    get hasDefault() {
      for (const { metadata } of lowerClasses.values())
        if (metadata?.annotations?.[isDefault] === 'true') return true;
      return false;
    },
  });
}
