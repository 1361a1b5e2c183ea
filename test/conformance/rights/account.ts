import type { LocalCluster } from '../../../hack/clusters/open.ts';
import type { Client } from '../../../src/kube/client.ts';
import { type Resource, subjectAccessReviews } from '../../../src/kube/resources.ts';
import type { KubeObject } from '../../../src/kube/types.ts';
import { eventually, kubectlWith } from '../../clusters.ts';
import { manifestsWithout, type Right, type Side } from './rule.ts';

interface Review extends KubeObject {
  spec: object;
  status?: { allowed?: boolean };
}

/** Gives the account all rights of the manifests but some, and waits until the API server heeds it. */
export async function setRights(
  cluster: LocalCluster,
  admin: Client,
  side: Side,
  account: string,
  without: readonly Right[],
): Promise<void> {
  const items = manifestsWithout(side, account, without);
  const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
  const apply = ['apply', '--server-side', '--force-conflicts', '-f', '-'];
  const { exitCode, stderr } = await kubectlWith({ input }, cluster, ...apply);
  if (exitCode !== 0) throw new Error(stderr);
  const last = without.filter((right) => right.side === side);
  await eventually(async () => {
    for (const right of last)
      if (await may(admin, account, right)) throw new Error(`${account} may ${JSON.stringify(right)} still`);
    const nodesWatched = { side, verb: 'watch', resource: 'nodes' };
    const isTaken = last.some(({ verb, resource }) => verb === 'watch' && resource === 'nodes');
    if (!isTaken && !(await may(admin, account, nodesWatched))) throw new Error('no rights yet');
  });
}

async function may(admin: Client, account: string, right: Right): Promise<boolean> {
  const [resource = '', subresource = ''] = right.resource.split('/');
  const user = `system:serviceaccount:isthmus-system:${account}`;
  const groups = ['system:serviceaccounts', 'system:serviceaccounts:isthmus-system', 'system:authenticated'];
  const attributes = {
    verb: right.verb,
    group: groupOf(right.resource),
    resource,
    subresource,
    ...(right.namespace ? { namespace: right.namespace } : {}),
  };
  const review = { spec: { user, groups, resourceAttributes: attributes } };
  const { status } = await admin.create(subjectAccessReviews as Resource<Review>, review);
  return status?.allowed === true;
}

function groupOf(resource: string): string {
  if (resource === 'leases') return 'coordination.k8s.io';
  if (resource === 'networkpolicies') return 'networking.k8s.io';
  if (resource === 'tokenreviews') return 'authentication.k8s.io';
  return resource === 'subjectaccessreviews' ? 'authorization.k8s.io' : '';
}

/** Takes the account away, with all that was made for it. */
export async function removeAccount(cluster: LocalCluster, account: string): Promise<void> {
  const names = ['', '-metrics', '-authentication-reader', '-network-policies'].map((more) => account + more);
  const kinds = 'clusterrole,clusterrolebinding,role,rolebinding,serviceaccount';
  for (const namespace of ['isthmus-system', 'kube-node-lease', 'kube-system'])
    await kubectlWith({}, cluster, '-n', namespace, 'delete', kinds, ...names, '--ignore-not-found');
}
