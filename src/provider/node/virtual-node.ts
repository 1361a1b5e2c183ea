import type { Cache } from '../../kube/cache.ts';
import type { Client } from '../../kube/client.ts';
import { hasCode, KubeError } from '../../kube/errors.ts';
import type { EventRecorder } from '../../kube/event-recorder.ts';
import type { Logger } from '../../kube/logger.ts';
import { metaTime } from '../../kube/meta-time.ts';
import { nodes } from '../../kube/resources.ts';
import type { Node } from '../../kube/types.ts';
import type { ReconcileResult } from '../../kube/work-queue.ts';
import { mergePatch } from '../../translate/merge-patch.ts';
import { configuredTaintAnnotation, lowerClusterAnnotation } from '../../translate/names.ts';
import { taintFinding } from '../../translate/node-taint.ts';
import {
  type LowerFacts,
  newVirtualNode,
  nodeAnnotations,
  nodeLabels,
  nodeStatus,
  type VirtualNodeSettings,
} from '../../translate/virtual-node.ts';

/** Reason of the event at a node whose taint is not the configured one. */
const taintReason = 'TaintNotFollowed';

export interface VirtualNodeSync {
  readonly upper: Client;
  readonly settings: VirtualNodeSettings;
  /** Holds the one node, as the upper API server has it. */
  readonly node: Pick<Cache<Node>, 'get' | 'apply'>;
  readonly facts: () => LowerFacts;
  readonly events: Pick<EventRecorder, 'record'>;
  readonly logger: Logger;
  readonly now: () => Date;
}

/** Registers the virtual node when it is missing and writes what has changed about it. @throws KubeError */
export async function reconcileVirtualNode(sync: VirtualNodeSync): Promise<ReconcileResult> {
  const { upper, settings } = sync;
  const facts = sync.facts();
  const node = sync.node.get(settings.name) ?? (await register(sync, facts));
  const status = mergePatch(node.status, nodeStatus(node, settings, facts, metaTime(sync.now())));
  const labels = missingFrom(node.metadata?.labels, nodeLabels(settings, facts, node));
  const annotations = missingFrom(node.metadata?.annotations, {
    ...nodeAnnotations(settings, facts),
    ...followTaint(sync, node),
  });
  if (!status && !labels && !annotations) return undefined;
  const { uid, resourceVersion } = node.metadata ?? {};
  const patch = {
    metadata: {
      uid,
      resourceVersion,
      ...(labels ? { labels } : {}),
      ...(annotations ? { annotations } : {}),
    },
    ...(status ? { status } : {}),
  };
  try {
    sync.node.apply(
      await upper.patch(nodes, { name: settings.name, subresource: 'status' }, patch, { urgent: true }),
    );
    return undefined;
  } catch (error) {
    // The node controller wrote in between, as it always does after registration: the watch brings it.
    if (hasCode(error, 'Conflict')) return { requeueAfter: 1_000 };
    throw error;
  }
}

/**
 * Refuses a node that stands for another lower cluster: with the wrong kubeconfig every pod on it would seem to
 * have vanished.
 *
 * @throws KubeError `Configuration`
 */
export async function checkLowerCluster(
  upper: Client,
  { name, cluster, lowerCluster }: VirtualNodeSettings,
): Promise<void> {
  const node = await upper.get(nodes, { name }).catch((error: unknown) => {
    if (hasCode(error, 'NotFound')) return undefined;
    throw error;
  });
  if (!node) return;
  const known = node.metadata?.annotations?.[lowerClusterAnnotation];
  if (known === undefined && node.metadata?.labels?.['type'] !== 'virtual-kubelet') {
    throw new KubeError(
      'Configuration',
      `the upper cluster has a node ${name} that is no virtual node; choose another nodeName for cluster ${cluster}`,
    );
  }
  if (known !== undefined && known !== lowerCluster) {
    throw new KubeError(
      'Configuration',
      `virtual node ${name} stands for the lower cluster ${known}, but the kubeconfig of cluster ${cluster} ` +
        `leads to ${lowerCluster}; choose another nodeName or, if that is meant, delete the node first: kubectl delete node ${name}`,
    );
  }
}

/** The provider may not write the taints of a node: it tells of a change. @returns what to remember of it */
function followTaint({ settings, events, logger }: VirtualNodeSync, node: Node): Record<string, string> {
  const { configured, advice: message } = taintFinding(node, settings);
  if (message !== undefined && events.record(nodes, node, { type: 'Warning', reason: taintReason, message }))
    logger.warn({ node: settings.name, message }, 'the taint of the virtual node is another');
  return configured === undefined ? {} : { [configuredTaintAnnotation]: configured };
}

async function register(
  { upper, settings, logger, node }: VirtualNodeSync,
  facts: LowerFacts,
): Promise<Node> {
  try {
    const made = await upper.create(nodes, newVirtualNode(settings, facts), { urgent: true });
    logger.info({ node: settings.name }, 'registered the virtual node');
    node.apply(made);
    return made;
  } catch (error) {
    if (!hasCode(error, 'AlreadyExists')) throw error;
    return upper.get(nodes, { name: settings.name }, { urgent: true });
  }
}

function missingFrom(
  have: Record<string, string> = {},
  wanted: Record<string, string | null>,
): Record<string, string | null> | undefined {
  const missing = Object.entries(wanted).filter(([key, value]) => (have[key] ?? null) !== value);
  return missing.length > 0 ? Object.fromEntries(missing) : undefined;
}
