import type { Filter } from '../filter.ts';

const inUse =
  'node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod';

/** A claim for one pod only is not shared, wherever the other pod is. */
export const volumeRestrictions: Filter = {
  plugin: 'VolumeRestrictions',
  prepare({ storage, pods }, { namespace, claims }) {
    const isTaken = claims.some(({ name, template }) => {
      const key = `${namespace}/${name}`;
      const isExclusive = storage.claim(key)?.spec?.accessModes?.includes('ReadWriteOncePod');
      return isExclusive && template === undefined && pods.claimUsers.has(key);
    });
    return isTaken ? { check: () => inUse } : undefined;
  },
};
