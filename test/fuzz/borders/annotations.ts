import { reportNode } from '../../../src/cli/status/node-report.ts';
import { ownerKeyOf } from '../../../src/descheduler/owner.ts';
import type { Node, Pod, Secret } from '../../../src/kube/types.ts';
import { avoidanceOf, withAvoidance, withoutAvoidance } from '../../../src/translate/avoidance.ts';
import { carriedNamesOf, carriedSpecOf } from '../../../src/translate/carried.ts';
import { clusterSelectorOf, withClusterSelector } from '../../../src/translate/cluster-selector.ts';
import * as names from '../../../src/translate/names.ts';
import { podAgain } from '../../../src/translate/pod-again.ts';
import { changesOf } from '../../../src/translate/pod-changes.ts';
import { podDown } from '../../../src/translate/pod-down.ts';
import { notedLowerUid, statusUp } from '../../../src/translate/pod-status.ts';
import { lowerPod, options, owner, raw, upperPod } from '../../../src/translate/test-objects.ts';
import { untilRefresh } from '../../../src/translate/token-secret.ts';
import { avoidedBelow, avoidedNow, readTried, writeTried } from '../../../src/translate/tried.ts';
import { nodeLabels } from '../../../src/translate/virtual-node.ts';
import { scheduling } from '../parts/pods.ts';
import { type Border, textsLike } from './border.ts';

const never = () => false;
const like = (...values: unknown[]) =>
  textsLike(
    values.map((value) => JSON.stringify(value)),
    values,
  );
const inAnHour = new Date(Date.now() + 3_600_000).toISOString();
const annotated = (text: string, ...keys: string[]) => ({
  annotations: Object.fromEntries(keys.map((key) => [key, text])),
});
const ofPods = Object.values<unknown>(names).filter(
  (name): name is string => typeof name === 'string' && /[a-z]/i.test(name),
);
const facts = {
  ready: { isReady: true, reason: '', message: '' },
  version: '',
  offered: {},
  largestFree: undefined,
  agreed: {},
  sample: undefined,
};
const settings = {
  name: 'vk-a',
  cluster: 'a',
  labels: {},
  taint: undefined,
  addresses: [],
  kubeletPort: 1,
  lowerCluster: '',
};

/** Annotations that anybody may write who may write the object; what is damaged in them says nothing, and throws nothing. */
export const annotations: readonly Border[] = [
  {
    name: 'clusterSelector',
    covers: ['translate/cluster-selector.ts'],
    inputs: like(scheduling),
    mayThrow: never,
    read: (text) => {
      const selector = clusterSelectorOf(upperPod({ metadata: annotated(text, 'clusterSelector') }));
      if (!selector) return 'refused';
      JSON.stringify(
        withClusterSelector({ containers: [], ...scheduling } as NonNullable<Pod['spec']>, selector),
      );
      return 'read';
    },
  },
  {
    name: 'every annotation of a pod',
    covers: ['translate/carried.ts', 'translate/pod-status.ts', 'descheduler/owner.ts'],
    inputs: like(
      { labels: ['a'], annotations: ['b'] },
      { images: { main: 'a' }, resources: { main: { requests: { cpu: '1' } } } },
      { a: inAnHour },
    ),
    mayThrow: never,
    read: (text) => {
      const upper = upperPod({ metadata: annotated(text, ...ofPods) });
      const lower = lowerPod({ metadata: annotated(text, ...ofPods) });
      const all = [
        podDown(upper, owner, options),
        changesOf(upper, lower, owner, options),
        statusUp(upper, lower),
        notedLowerUid(upper),
        podAgain(upper, new Map([['vk-b', 5]])),
        ownerKeyOf(upper),
        carriedNamesOf(lower.metadata),
        [...carriedSpecOf(lower.metadata).images],
      ];
      return JSON.stringify(all) === '' ? 'lost' : 'read';
    },
  },
  {
    name: 'nodes that are avoided',
    covers: ['translate/avoidance.ts'],
    inputs: like({ 'vk-a': inAnHour, 'vk-b': '2026-01-01T00:00:00Z' }),
    mayThrow: never,
    read: (text) => {
      const pod = upperPod({ metadata: annotated(text, names.avoidsAnnotation) });
      const kept = withAvoidance(pod, new Map([['vk-c', Date.now()]]));
      JSON.stringify(withoutAvoidance(kept));
      return avoidanceOf(pod).size > 0 ? 'read' : 'nothing';
    },
  },
  {
    name: 'ConfigMap of what was tried',
    covers: ['translate/tried.ts'],
    inputs: like({ 'vk-a': { times: 2, until: inAnHour }, 'vk-a/node-1': { times: 1, until: inAnHour } }),
    mayThrow: never,
    read: (text) => {
      const tried = readTried(text);
      const [virtual, lower] = [avoidedNow(tried, Date.now()), avoidedBelow(tried, Date.now())];
      JSON.stringify(withAvoidance(upperPod(), virtual));
      return readTried(writeTried(tried)).size === tried.size &&
        lower.every((name) => typeof name === 'string')
        ? 'read'
        : 'lost';
    },
  },
  {
    name: 'annotations of a virtual node',
    covers: ['translate/virtual-node.ts', 'cli/status/node-report.ts'],
    inputs: like(['disk'], { cpu: '4', memory: '1Gi' }),
    mayThrow: never,
    read: (text) => {
      const node = raw<Node>({
        metadata: annotated(text, ...ofPods),
        status: { allocatable: { cpu: text } },
      });
      JSON.stringify(nodeLabels(settings, facts, node));
      return reportNode(node, []).largestFree ? 'read' : 'nothing';
    },
  },
  {
    name: 'when a token is to be renewed',
    covers: ['translate/token-secret.ts'],
    inputs: textsLike([inAnHour]),
    mayThrow: never,
    read: (text) => {
      const left = untilRefresh(
        raw<Secret>({ metadata: annotated(text, names.tokenRefreshAnnotation) }),
        Date.now(),
      );
      if (Number.isNaN(left)) throw new Error('no number');
      return left > 0 ? 'later' : 'now';
    },
  },
];
