import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '../kube/client.ts';
import { describeError, hasCode, KubeError } from '../kube/errors.ts';
import { findObject } from '../kube/find-object.ts';
import { listAll } from '../kube/list-all.ts';
import { events, namespaces, nodes, secrets } from '../kube/resources.ts';
import type { ClusterRole, Node } from '../kube/types.ts';
import { lowerClusterAnnotation } from '../translate/names.ts';
import { deleteObject, isTokenUsed, makeAccount, makeToken, tokensBut } from './account.ts';
import { findClusterSecret, mergeSettings, writeClusterSecret } from './cluster-secret.ts';
import { kubeconfigText } from './kubeconfig.ts';
import { accountName, fieldManager, type Joining, madeByJoinAnnotation } from './names.ts';
import { takeBack } from './take-back.ts';

export interface JoinOptions {
  readonly upper: Client;
  /** As an administrator of the lower cluster. */
  readonly lower: Client;
  readonly name: string;
  /** Where the Secret stands above, and the account below. */
  readonly namespace: string;
  /** Fields of the Secret's configuration; those not named stay as they are. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** What the account may do below. */
  readonly roles: readonly ClusterRole[];
  /** How long to wait for the virtual node, in milliseconds. */
  readonly wait: number;
  /** Told of each step, in a line; never a credential. */
  readonly say: (line: string) => void;
}

/**
 * Joins a lower cluster: an account there with the rights that it needs, a Secret above with its token, and waits for
 * the virtual node. Done again, it gives the account a new token and takes the former one away once the new one is in
 * use.
 *
 * @throws KubeError, when the node does not become Ready in time, too
 */
export async function join(options: JoinOptions): Promise<void> {
  const { upper, lower, name, namespace, say } = options;
  const [upperCluster, lowerCluster] = await Promise.all([upper.clusterUid(), lower.clusterUid()]);
  if (upperCluster === lowerCluster)
    throw new KubeError('Configuration', '--kubeconfig and --client-kubeconfig lead to the same cluster');
  const joining: Joining = { name, namespace, upperCluster };
  const former = await findClusterSecret(upper, joining);
  const settings = mergeSettings(joining, former, options.settings);
  const { nodeName } = settings.configuration;
  checkSame(joining, former?.metadata?.annotations?.[lowerClusterAnnotation], lowerCluster);
  if (former && mergeSettings(joining, former, {}).configuration.nodeName !== nodeName)
    throw new KubeError('Configuration', `${name} has another virtual node; first: isthmus unjoin ${name}`);
  checkNode(await findObject(upper, nodes, { name: nodeName }), nodeName, lowerCluster);

  const content = { kubeconfig: '', settings, lowerCluster };
  await makeNamespace(upper, namespace);
  const before = await tokensBut(lower, joining);
  let tokenName: string;
  let isSent = false;
  try {
    // First of all, for whoever may not write it must not leave tokens below that nobody knows.
    await writeClusterSecret(upper, joining, content, { dryRun: true });
    await makeAccount(lower, joining, options.roles);
    const made = await makeToken(lower, joining);
    tokenName = made.name;
    say(`below: the service account ${namespace}/${accountName(joining)} has its rights and a new token`);
    const kubeconfig = await kubeconfigText(lower.transport.connection, made.token);
    isSent = true;
    await writeClusterSecret(upper, joining, { ...content, kubeconfig });
  } catch (error) {
    // Without an answer the token may be the one in use now.
    const isUnknown = isSent && hasCode(error, 'Unreachable', 'ServerError', 'Aborted');
    const isNew = former === undefined && before.length === 0;
    const left = isUnknown
      ? ['all of it, for nobody knows whether the secret above was written: run the command again']
      : await takeBack(lower, joining, { isNew, before });
    for (const line of left) say(`below is left: ${line}`);
    throw error;
  }
  say(`above: the secret ${namespace}/${name} stands for the cluster`);
  const end = Date.now() + options.wait;
  await waitUntilReady(options, nodeName, lowerCluster, end);
  await retireTokens(options, joining, tokenName, end);
}

async function makeNamespace(upper: Client, name: string): Promise<void> {
  if (await findObject(upper, namespaces, { name })) return;
  await upper.create(namespaces, {
    metadata: { name, annotations: { [madeByJoinAnnotation]: fieldManager } },
  });
}

/** An unlucky name must not turn the pods of one cluster into lost pods of another. */
function checkSame(joining: Joining, known: string | undefined, lowerCluster: string): void {
  if (known !== undefined && known !== lowerCluster)
    throw new KubeError(
      'Configuration',
      `${joining.name} stands for the lower cluster ${known}, but --client-kubeconfig leads to ${lowerCluster}; ` +
        `choose another name, or first: isthmus unjoin ${joining.name}`,
    );
}

function checkNode(node: Node | undefined, nodeName: string, lowerCluster: string): void {
  if (!node) return;
  const known = node.metadata?.annotations?.[lowerClusterAnnotation];
  if (known === lowerCluster) return;
  throw new KubeError(
    'Configuration',
    known === undefined
      ? `the upper cluster has a node ${nodeName} that is no virtual node; choose another with --node-name`
      : `the virtual node ${nodeName} stands for another lower cluster, ${known}; choose another with --node-name`,
  );
}

async function waitUntilReady(
  { upper, name, namespace, wait, say }: JoinOptions,
  nodeName: string,
  lowerCluster: string,
  end: number,
): Promise<void> {
  let told = '';
  for (;;) {
    const node = await findObject(upper, nodes, { name: nodeName });
    checkNode(node, nodeName, lowerCluster);
    const obstacle = obstacleOf(node) ?? undefined;
    if (obstacle === undefined) return say(`the virtual node ${nodeName} is Ready`);
    const why = node ? obstacle : ((await refusalOf(upper, namespace, name)) ?? obstacle);
    if (Date.now() >= end)
      throw new KubeError(
        'Unreachable',
        `the virtual node ${nodeName} is not Ready after ${wait / 1000} s: ${why}; the cluster stays joined, and ` +
          `"isthmus unjoin ${name}" takes it back`,
      );
    if (why !== told) say(`waiting for the virtual node ${nodeName}: ${why}`);
    told = why;
    await sleep(500);
  }
}

function obstacleOf(node: Node | undefined): string | undefined {
  if (!node) return 'no provider has registered it; is one running with --cluster-secrets?';
  const ready = node.status?.conditions?.find(({ type }) => type === 'Ready');
  if (ready?.status === 'True') return undefined;
  return [ready?.reason, ready?.message].filter(Boolean).join(': ') || 'it has not reported yet';
}

/** What a provider has said at the Secret, if it does not take it. */
async function refusalOf(upper: Client, namespace: string, name: string): Promise<string | undefined> {
  const fieldSelector = `involvedObject.kind=Secret,involvedObject.name=${name},type=Warning`;
  const { items: found } = await listAll(upper, events, { namespace, fieldSelector });
  return found.at(-1)?.message;
}

/** Takes former tokens away, once somebody comes with the new one: before, a provider may still need them. */
async function retireTokens(
  { lower, say }: JoinOptions,
  joining: Joining,
  current: string,
  end: number,
): Promise<void> {
  const former = await tokensBut(lower, joining, current);
  if (former.length === 0) return;
  const names = former.map(({ metadata }) => metadata?.name).join(' ');
  const later = `kubectl -n ${joining.namespace} delete secret ${names}`;
  try {
    while (!(await isTokenUsed(lower, joining, current))) {
      if (Date.now() >= end)
        return say(
          `nobody came with the new token yet, so the former one counts on; to end it, below: ${later}`,
        );
      await sleep(500);
    }
    for (const secret of former) await deleteObject(lower, secrets, secret);
    say('the former token counts no more');
  } catch (error) {
    say(`the former token could not be taken away (${describeError(error)}); below: ${later}`);
  }
}
