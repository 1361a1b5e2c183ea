import type { Controller, ControllerContext, StartController } from '../../clusters/controller.ts';
import { Cache } from '../../kube/cache.ts';
import { keyOf, networkPolicies, splitKey } from '../../kube/resources.ts';
import type { NetworkPolicy, Pod } from '../../kube/types.ts';
import { Watches } from '../../kube/watches.ts';
import { isOfUpperCluster, isVirtual, upperUidOf } from '../../translate/marks.ts';
import { isFinished } from '../../translate/pod-status.ts';
import { policyToWrite } from '../../translate/services/policy-down.ts';
import { controllerQueue } from '../controller-queue.ts';
import { reflectSide } from '../reflect.ts';
import { runController } from '../run-controller.ts';
import type { SharedPictures } from '../shared-pictures.ts';
import { LowerCopies } from './lower-copies.ts';
import { NamespaceUse } from './namespace-use.ts';
import { type PoliciesView, reconcileNetworkPolicy } from './network-policy.ts';
import { PoliciesInStep } from './policies-in-step.ts';
import { refusals } from './refusals.ts';
import { servedBy } from './served.ts';
import { systemNamespace } from './service.ts';
import type { UpperPolicies } from './upper-policies.ts';
import { namespaceOf } from './upper-services.ts';

const workers = 2;
/** Pods come and go in crowds: a policy is looked at this long after the first of them at least, in milliseconds. */
const gather = 300;

/** The controller that brings NetworkPolicies down; virtual nodes share what it watches above. */
export function networkPolicyControllers(shared: SharedPictures<UpperPolicies>): StartController {
  return (context) => startPolicies(shared, context);
}

function startPolicies(shared: SharedPictures<UpperPolicies>, context: ControllerContext): Controller {
  const { lower, owner, configuration, upperPods, lowerPods, namespaces, logger } = context;
  const { picture: upper, release } = shared.use(configuration.namespace);
  const { isOurs, isServed } = servedBy(context);
  const below = new Cache<NetworkPolicy, 'namespace'>({ namespace: namespaceOf });
  const watches = new Watches([reflectSide(context, 'lower')(networkPolicies, below)]);
  const isToCome = (pod: Pod) =>
    isVirtual(pod) &&
    isServed(pod.metadata?.namespace) &&
    !isFinished(pod) &&
    !pod.metadata?.deletionTimestamp;
  const addNamespace = (namespace: string) => {
    for (const cache of [upper.policies, below])
      for (const key of cache.keysBy('namespace', namespace)) queue.add(key);
  };
  const refuse = refusals(context);
  const uses = [
    new NamespaceUse({ pods: lowerPods, isOurs, onChange: addNamespace }),
    // The policies of a namespace are there before its first pod.
    new NamespaceUse({ pods: upperPods, isOurs: isToCome, onChange: addNamespace }),
  ];
  const inStep = new PoliciesInStep({
    policiesOf: (namespace) =>
      namespace === systemNamespace ? [] : upper.policies.by('namespace', namespace),
    isBelow(policy) {
      const copy = view.policies.held(keyOf(policy));
      return (
        copy !== undefined && !copy.metadata?.deletionTimestamp && upperUidOf(copy) === policy.metadata?.uid
      );
    },
    addPod: (key) => context.addPod(key),
  });
  const view: PoliciesView = {
    owner,
    upper,
    inStep,
    namespaces,
    use: { has: (namespace) => uses.some((use) => use.has(namespace)) },
    policies: new LowerCopies({
      lower,
      owner,
      resource: networkPolicies,
      copies: below,
      seesOthers: true,
      toWrite: policyToWrite,
      onRefused(key, refusal) {
        inStep.refused(key, refusal.message);
        refuse(networkPolicies, upper.policies.get(key), refusal);
      },
    }),
    onTooMany: (key, message) =>
      refuse(networkPolicies, upper.policies.get(key), { reason: 'TooManyPeers', message }),
    isHere({ metadata }) {
      const copy = lowerPods.get(`${metadata?.namespace}/${metadata?.name}`);
      return copy !== undefined && isOfUpperCluster(copy, owner) && upperUidOf(copy) === metadata?.uid;
    },
    isReachable: context.isReachable,
  };
  const queue = controllerQueue(context, 'networkpolicy', workers, async (key) => {
    try {
      return await reconcileNetworkPolicy(view, key);
    } finally {
      inStep.wake(key);
    }
  });

  const addConcerned = (keys: Iterable<string>) => {
    for (const key of keys)
      if (view.use.has(splitKey(key).namespace)) queue.addAfter(key, gatherFor(below.get(key)));
  };
  const addEverything = () => {
    for (const [key] of upper.policies.entries()) if (view.use.has(splitKey(key).namespace)) queue.add(key);
    for (const [key, copy] of below.entries()) if (isOurs(copy)) queue.add(key);
  };
  const releases = [
    upper.policies.subscribe(({ key }) => {
      if (below.get(key) || view.use.has(splitKey(key).namespace)) queue.add(key);
    }),
    upper.pods.subscribe((event) => {
      const isSame = event.type === 'updated' && looks(event.object) === looks(event.old);
      if (isSame) return;
      addConcerned(upper.concernedBy(event.type === 'updated' ? [event.object, event.old] : [event.object]));
    }),
    upper.namespaces.subscribe((event) => {
      const isSame =
        event.type === 'updated' &&
        JSON.stringify(event.object.metadata?.labels) === JSON.stringify(event.old.metadata?.labels);
      if (!isSame) addConcerned(upper.namingNamespaces());
    }),
    below.subscribe(({ key, object }) => {
      if (isOurs(object) || upper.policies.get(key)) queue.add(key);
    }),
  ];

  return runController({
    name: 'network policies',
    shared: upper.watches,
    lower: watches,
    queues: [queue],
    addEverything,
    onKnown: () => inStep.known(),
    also: { refusalOf: (pod) => inStep.refusalOf(pod) },
    release() {
      for (const letGo of releases) letGo();
      for (const use of uses) use.stop();
      release();
    },
    logger,
  });
}

/** What of a pod a policy may look at. */
function looks({ metadata, status }: { metadata?: object; status?: object }): string {
  return JSON.stringify([(metadata as { labels?: object } | undefined)?.labels, status]);
}

/** A policy that names many pods is sent as a whole for each of them: the more it names, the longer it gathers. */
function gatherFor(copy: NetworkPolicy | undefined): number {
  const rules = [...(copy?.spec?.ingress ?? []), ...(copy?.spec?.egress ?? [])] as {
    from?: unknown[];
    to?: unknown[];
  }[];
  return rules.reduce((sum, { from = [], to = [] }) => sum + from.length + to.length, gather);
}
