import { z } from 'zod';
import type { Pod } from '../kube/types.ts';
import { listOf, mapOf } from '../serving/first-mistake.ts';
import { isPodShaped } from '../translate/pod-shape.ts';

/** What is read of the pod must be of the right kind: a scheduler's pods are, and others must not disturb them. */
const podSchema = z
  .looseObject({
    metadata: z.looseObject({
      namespace: z.string().min(1),
      name: z.string().min(1),
      uid: z.string().min(1),
      labels: mapOf(z.string()).nullish(),
      annotations: mapOf(z.string()).nullish(),
    }),
    spec: z.looseObject({ containers: listOf(z.looseObject({})) }),
  })
  .transform((pod, context) => {
    if (isPodShaped(pod)) return pod as unknown as Pod;
    context.addIssue({ code: 'custom', message: 'no pod' });
    return z.NEVER;
  });

/** `ExtenderArgs` of k8s.io/kube-scheduler/extender/v1, as a scheduler with `nodeCacheCapable: true` sends it. */
export const extenderArgs = z
  .looseObject({ Pod: podSchema, NodeNames: listOf(z.string()) })
  .transform(({ Pod: pod, NodeNames: nodeNames }): ExtenderArgs => ({ pod, nodeNames }));

/** What a scheduler asks. */
export interface ExtenderArgs {
  readonly pod: Pod;
  /** The nodes that its own filters let pass. */
  readonly nodeNames: readonly string[];
}

/** `ExtenderFilterResult`, as far as we fill it. */
export interface ExtenderFilterResult {
  readonly NodeNames: readonly string[];
  /** Why, by node. No preemption above would help: what is in the way stands below. */
  readonly FailedAndUnresolvableNodes: Readonly<Record<string, string>>;
  /** Set when nothing can be said: the pod is tried again. */
  readonly Error: string;
}

/** `HostPriority`; the score is 0 to {@link mostPriority}. */
export interface HostPriority {
  readonly Host: string;
  readonly Score: number;
}

/** MaxExtenderPriority. */
export const mostPriority = 10;
