import { allCarried, carried, dropped, type Fates, rewritten } from './fate.ts';

const ofLowerClaims = dropped('names ResourceClaims of the lower cluster; the upper pod keeps its own');
const below = carried('as it is in the lower cluster');
const observed = rewritten("counts the upper pod's generations");

/** PodStatus, on its way up. What is dropped here, statusUp leaves out. */
export const podStatusFates = {
  PodStatus: {
    ...allCarried('allocatedResources', 'message', 'phase', 'reason', 'resize', 'resources', 'startTime'),
    conditions: rewritten('those that nothing below reports stay; of a readiness gate the latest counts'),
    containerStatuses: rewritten('see ContainerStatus'),
    ephemeralContainerStatuses: rewritten('see ContainerStatus'),
    extendedResourceClaimStatus: ofLowerClaims,
    hostIP: below,
    hostIPs: below,
    initContainerStatuses: rewritten('see ContainerStatus'),
    nodeAllocatableResourceClaimStatuses: { ...ofLowerClaims, since: 36 },
    nominatedNodeName: dropped('names a node of the lower cluster; the upper pod keeps its own'),
    observedGeneration: observed,
    podIP: below,
    podIPs: below,
    qosClass: dropped(
      'fixed when the upper pod was made; a LimitRange below may give the lower one another, and the API server ' +
        'refuses a status with any but its own',
    ),
    resourceClaimStatuses: ofLowerClaims,
  },
  PodCondition: {
    ...allCarried('lastProbeTime', 'lastTransitionTime', 'message', 'reason', 'status', 'type'),
    observedGeneration: observed,
  },
  ContainerStatus: {
    allocatedResourcesStatus: rewritten('only of what the upper container asked for'),
    ...allCarried(
      'allocatedResources',
      'containerID',
      'image',
      'imageID',
      'lastState',
      'name',
      'ready',
      'resources',
      'restartCount',
      'started',
      'state',
      'stopSignal',
      'user',
      'volumeMounts',
    ),
  },
} satisfies Record<string, Fates>;
