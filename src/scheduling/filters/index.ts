import type { Filter } from '../filter.ts';
import { attachLimits } from './attach-limits.ts';
import { hostPorts } from './host-ports.ts';
import { namedNodes } from './named-nodes.ts';
import { nodeAffinity } from './node-affinity.ts';
import { nodeName } from './node-name.ts';
import { podAffinity } from './pod-affinity.ts';
import { resources } from './resources.ts';
import { taints } from './taints.ts';
import { topologySpread } from './topology-spread.ts';
import { unschedulable } from './unschedulable.ts';
import { volumeBinding } from './volume-binding.ts';
import { volumeRestrictions } from './volume-restrictions.ts';
import { volumeZone } from './volume-zone.ts';

/** Filters that look at a node alone and are prepared in no time; those first that refuse most. */
export const quick: readonly Filter[] = [
  resources,
  namedNodes,
  nodeName,
  nodeAffinity,
  unschedulable,
  taints,
  hostPorts,
];

/** Filters that ask what a node is, not what is on it. */
export const lasting: readonly Filter[] = [namedNodes, nodeName, nodeAffinity, unschedulable, taints];

/** Filters that must look around first: at volumes and at the pods of other nodes. */
export const thorough: readonly Filter[] = [
  volumeRestrictions,
  attachLimits,
  volumeBinding,
  volumeZone,
  topologySpread,
  podAffinity,
];

/** All filters, in the order of kube-scheduler's default plugins: a node counts for the first that refuses it. */
export const filters: readonly Filter[] = [
  namedNodes,
  unschedulable,
  nodeName,
  taints,
  nodeAffinity,
  hostPorts,
  resources,
  ...thorough,
];
