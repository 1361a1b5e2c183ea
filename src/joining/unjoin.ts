import { setTimeout as sleep } from 'node:timers/promises';
import { readClusterSecret } from '../clusters/secret.ts';
import { Client } from '../kube/client.ts';
import { loadConnection } from '../kube/connection.ts';
import { describeError, KubeError } from '../kube/errors.ts';
import { findObject } from '../kube/find-object.ts';
import { nodes, secrets } from '../kube/resources.ts';
import { Transport } from '../kube/transport.ts';
import type { Node, Secret } from '../kube/types.ts';
import { lowerClusterAnnotation, virtualNodeLabel } from '../translate/names.ts';
import { deleteObject } from './account.ts';
import { findClusterSecret } from './cluster-secret.ts';
import { cordon, deleteInTime, deleteNow, evictAll, podsToDrain, some, withoutOwner } from './drain.ts';
import type { Joining } from './names.ts';
import { removeAccount } from './remove-account.ts';
import { removeCopies } from './remove-copies.ts';

export interface UnjoinOptions {
  readonly upper: Client;
  /** As an administrator of the lower cluster; without it the credentials of the Secret are used. */
  readonly lower: Client | undefined;
  readonly name: string;
  readonly namespace: string;
  /** The virtual node, where neither the Secret tells nor it is called like the cluster. */
  readonly nodeName: string | undefined;
  /** Ends pods that nobody makes again, that budgets hold, or of which nobody can tell whether they have ended. */
  readonly force: boolean;
  /** For pods to end above, in milliseconds; every later step has at most half a minute. */
  readonly timeout: number;
  readonly say: (line: string) => void;
}

/** How it ended: what is left lines by line, or why nothing was taken away. */
export type UnjoinOutcome =
  | { readonly done: true; readonly left: readonly string[] }
  | { readonly done: false; readonly why: readonly string[] };

const stepTimeout = 30_000;
const probeTimeout = 10_000;
/** A provider that still has the cluster registers its node again within this, in milliseconds. */
const nodeWatch = 3_000;

/**
 * Takes a lower cluster away: drains its virtual node, then removes Secret and node above and everything of ours
 * below. It ends in bounded time whether that cluster answers or not, and says what is left.
 *
 * @throws KubeError when the upper cluster refuses, or something is not what it must be
 */
export async function unjoin(options: UnjoinOptions): Promise<UnjoinOutcome> {
  const { upper, name, namespace } = options;
  const joining: Joining = { name, namespace, upperCluster: await upper.clusterUid() };
  const secret = await findClusterSecret(upper, joining);
  const own = options.lower ? undefined : clientOfSecret(secret);
  try {
    return await takeAway(options, joining, secret, options.lower ?? own);
  } finally {
    await own?.transport.close();
  }
}

async function takeAway(
  options: UnjoinOptions,
  joining: Joining,
  secret: Secret | undefined,
  lower: Client | undefined,
): Promise<UnjoinOutcome> {
  const { upper, name, say } = options;
  const nodeName = options.nodeName ?? nodeNameOf(secret) ?? name;
  const node = await findObject(upper, nodes, { name: nodeName });
  if (node && node.metadata?.labels?.[virtualNodeLabel.name] !== virtualNodeLabel.value)
    throw new KubeError('Configuration', `the node ${nodeName} is no virtual node; nothing was done`);
  if (!node && !secret && !options.lower)
    throw new KubeError(
      'Configuration',
      `there is neither a secret ${joining.namespace}/${name} nor a virtual node ${nodeName} above; to clean up ` +
        'below, give --client-kubeconfig',
    );
  const [ofSecret, ofNode] = [secret, node].map(
    (one) => one?.metadata?.annotations?.[lowerClusterAnnotation],
  );
  // A Secret that cannot be read does not tell its node, and that of the same name may be another's.
  if (ofSecret !== undefined && ofNode !== undefined && ofSecret !== ofNode)
    throw new KubeError(
      'Configuration',
      `the virtual node ${nodeName} stands for the lower cluster ${ofNode}, the secret for ${ofSecret}; nothing was ` +
        'done; name the right node with --node-name',
    );
  const known = ofSecret ?? ofNode;
  const answer = await probe(lower, known);
  if (answer !== undefined) say(`the lower cluster cannot be used: ${answer}`);
  const below = answer === undefined ? lower : undefined;

  if (node) {
    await cordon(upper, node);
    const why = await empty(options, joining, nodeName, below);
    if (why.length > 0)
      return { done: false, why: [...why, `the node stays cordoned: kubectl uncordon ${nodeName}`] };
  }
  if (secret) await deleteObject(upper, secrets, secret);
  const left = await removeNode(options, nodeName, node);
  if (below) {
    const owner = { upperCluster: joining.upperCluster, virtualNode: nodeName };
    left.push(...(await removeCopies(below, owner, Date.now() + stepTimeout)).map(inLower));
    left.push(...(await removeAccount(below, joining)).map(inLower));
  } else {
    left.push(
      inLower(
        `everything: pods, config maps and secrets of the virtual node ${nodeName}, and the account; when it ` +
          `answers again: isthmus unjoin ${name} --client-kubeconfig FILE${nodeName === name ? '' : ` --node-name ${nodeName}`}`,
      ),
    );
  }
  return { done: true, left };
}

/** Gets the pods from the node. @returns why that is not done; nothing when it is */
async function empty(
  options: UnjoinOptions,
  joining: Joining,
  nodeName: string,
  below: Client | undefined,
): Promise<string[]> {
  const { upper, force, say } = options;
  const all = await podsToDrain(upper, nodeName);
  if (all.length === 0) return [];
  const alone = withoutOwner(all);
  if (!force && alone.length > 0)
    return [`${alone.length} pods have no owner that makes them again: ${some(alone)}; --force ends them`];
  if (!below) {
    if (!force)
      return [
        `${all.length} pods are on ${nodeName}: ${some(all)}; while the lower cluster does not answer, nobody can end ` +
          'them there, nor tell whether they run; --force takes them away above all the same',
      ];
    say(`taking ${all.length} pods away above, although they may go on running below: ${some(all)}`);
    await deleteNow(upper, all);
    return [];
  }
  const held = await evictAll({ upper, node: nodeName, end: Date.now() + options.timeout, say });
  if (held.size === 0) return [];
  const reasons = [...held].slice(0, 5).map(([pod, why]) => `${some([pod])}: ${why}`);
  if (!force)
    return [
      `${held.size} pods did not end within ${options.timeout / 1000} s; --force ends them`,
      ...reasons,
    ];
  for (const reason of reasons) say(reason);
  say(`ending ${held.size} pods by force`);
  await deleteInTime(upper, [...held.keys()]);
  const owner = { upperCluster: joining.upperCluster, virtualNode: nodeName };
  // Nobody else does it where no provider runs; what is gone below may go above.
  const stuck = await removeCopies(below, owner, Date.now() + stepTimeout);
  for (const line of stuck) say(inLower(line));
  await deleteNow(upper, await podsToDrain(upper, nodeName));
  return [];
}

/** Deletes the node, again if a provider that is about to stop registers it once more. */
async function removeNode(
  { upper, say }: UnjoinOptions,
  nodeName: string,
  node: Node | undefined,
): Promise<string[]> {
  if (!node) return [];
  const end = Date.now() + stepTimeout;
  let quietSince = Date.now();
  let found: Node | undefined = node;
  while (Date.now() < end) {
    if (found) {
      await deleteObject(upper, nodes, found);
      quietSince = Date.now();
    } else if (Date.now() - quietSince > nodeWatch) {
      say(`the virtual node ${nodeName} is gone`);
      return [];
    }
    await sleep(500);
    found = await findObject(upper, nodes, { name: nodeName });
  }
  return [
    `above: the node ${nodeName} comes again: a provider runs for it; stop it, then: kubectl delete node ${nodeName}`,
  ];
}

/** Why the lower cluster cannot be used; undefined when it can. */
async function probe(lower: Client | undefined, known: string | undefined): Promise<string | undefined> {
  if (!lower) return 'there are no credentials for it; give --client-kubeconfig';
  let uid: string;
  try {
    uid = await lower.clusterUid({ urgent: true, timeout: probeTimeout });
  } catch (error) {
    return describeError(error);
  }
  if (known === undefined || known === uid) return undefined;
  throw new KubeError(
    'Configuration',
    `the kubeconfig leads to the cluster ${uid}, but the virtual node stands for ${known}; nothing was done`,
  );
}

function clientOfSecret(secret: Secret | undefined): Client | undefined {
  const read = secret && readClusterSecret(secret);
  if (!read || 'mistakes' in read) return undefined;
  return new Client(new Transport(loadConnection('lower', read.value.kubeconfig)));
}

function nodeNameOf(secret: Secret | undefined): string | undefined {
  const read = secret && readClusterSecret(secret);
  return read && 'value' in read ? read.value.configuration.nodeName : undefined;
}

function inLower(line: string): string {
  return `below: ${line}`;
}
