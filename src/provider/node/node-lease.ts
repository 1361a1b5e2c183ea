import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '../../kube/client.ts';
import { describeError, hasCode } from '../../kube/errors.ts';
import { findObject } from '../../kube/find-object.ts';
import { metaMicroTime } from '../../kube/meta-time.ts';
import { leases } from '../../kube/resources.ts';
import type { Lease, Node } from '../../kube/types.ts';
import { lowerPositionAnnotation } from '../../translate/names.ts';

export interface NodeLeaseOptions {
  upper: Client;
  nodeName: string;
  /** The node, once it is registered: it owns the lease, so that both go together. */
  node: () => Node | undefined;
  /** The lease stops while this is false, and Kubernetes' own rules for a lost node begin. */
  isAlive: () => boolean;
  /**
   * How far the lower pods are known, for whoever serves the node next; see {@link readPosition}. Written one renewal
   * later: of a pod that went just now only our memory knows, until the upper pod is Failed. To read some seconds twice
   * does no harm. What the lease has stays while this is undefined.
   */
  position: () => string | undefined;
  onError: (message: string) => void;
  now?: () => Date;
  /** In milliseconds; ten seconds unless given. */
  renewInterval?: number;
}

/** The kubelet's own numbers (KubeletConfiguration.nodeLeaseDurationSeconds and a quarter of it). */
const durationSeconds = 40;
const usualInterval = 10_000;
const namespace = 'kube-node-lease';
/** On a connection that died unnoticed a call would take half a minute, and two of them the whole duration. */
const call = { urgent: true, timeout: usualInterval / 2 } as const;

/** How far the lower pods were known to whoever served the node last. @throws KubeError */
export async function readPosition(upper: Client, nodeName: string): Promise<string | undefined> {
  const lease = await findObject(upper, leases, { namespace, name: nodeName }, call);
  return lease?.metadata?.annotations?.[lowerPositionAnnotation];
}

/** Renews the node's lease until the signal aborts; never rejects. */
export async function runNodeLease(options: NodeLeaseOptions, signal: AbortSignal): Promise<void> {
  const { renewInterval = usualInterval } = options;
  let held: Lease | undefined;
  let noted: string | undefined;
  while (!signal.aborted) {
    let pause = renewInterval;
    const node = options.node();
    if (node && options.isAlive()) {
      try {
        const position = options.position();
        held = await renew(options, node, held, { noted, position });
        // Not after a failure, which is tried again too soon for what was seen in the meantime to be written above.
        noted = position;
      } catch (error) {
        // Somebody else wrote it, or it was deleted: look at it anew and soon.
        held = undefined;
        pause = renewInterval / 5;
        if (!hasCode(error, 'Conflict', 'NotFound')) options.onError(`lease: ${describeError(error)}`);
      }
    } else {
      pause = renewInterval / 20;
    }
    await sleep(pause, undefined, { signal }).catch(() => {});
  }
}

/** @param known the position at the renewal before, in place of which the first has that of the last provider; and now */
async function renew(
  options: NodeLeaseOptions,
  node: Node,
  held: Lease | undefined,
  known: { readonly noted: string | undefined; readonly position: string | undefined },
): Promise<Lease> {
  const { upper, nodeName, now = () => new Date() } = options;
  const current = held ?? (await findObject(upper, leases, { namespace, name: nodeName }, call));
  const left = current?.metadata?.annotations?.[lowerPositionAnnotation];
  const position = known.noted ?? left ?? known.position;
  const lease: Lease = {
    metadata: {
      name: nodeName,
      namespace,
      ...(position !== undefined && { annotations: { [lowerPositionAnnotation]: position } }),
      ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: nodeName, uid: node.metadata?.uid ?? '' }],
    },
    spec: {
      holderIdentity: nodeName,
      leaseDurationSeconds: durationSeconds,
      renewTime: metaMicroTime(now()),
    },
  };
  if (!current) return upper.create(leases, lease, call);
  const { resourceVersion } = current.metadata ?? {};
  const metadata = { ...lease.metadata, ...(resourceVersion ? { resourceVersion } : {}) };
  return upper.replace(leases, { ...lease, metadata }, call);
}
