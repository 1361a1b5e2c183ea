import type { StartController } from '../../clusters/controller.ts';
import { claimNamesOf } from '../../translate/storage/claim-uses.ts';

/** Takes the place of the storage controllers where they are switched off: pods with claims wait, and are told why. */
export const withoutStorage: StartController = () => ({
  watches: [],
  reconnect() {},
  stop: async () => {},
  refusalOf(pod) {
    if (claimNamesOf(pod).length === 0) return undefined;
    const message =
      'persistent volume claims are not carried by this virtual node (--enable-controllers has no PVControllers)';
    return { reason: 'VolumeNotSupported', message };
  },
});
