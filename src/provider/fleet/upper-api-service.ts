import { isIP } from 'node:net';
import type { Client } from '../../kube/client.ts';
import { hasCode, KubeError } from '../../kube/errors.ts';
import { endpointSlices, keyOf, services } from '../../kube/resources.ts';
import type { EndpointSlice, Service } from '../../kube/types.ts';
import { isOfUpperCluster, marks, type Owner } from '../../translate/marks.ts';
import { isEqual } from '../../translate/merge-patch.ts';
import { managedByLabel, serviceNameLabel, upperApiUid } from '../../translate/names.ts';
import type { ApiAddress } from '../../translate/service-account.ts';

/** deploy/rbac makes it below. */
const namespace = 'isthmus-system';
/** The port that everybody expects of `kubernetes.default.svc`. */
const usualPort = 443;

/**
 * The address below at which the upper API server answers on port 443: its own, or that of a Service that is made for
 * it. Virtual nodes that share a lower cluster share it.
 *
 * @throws KubeError `Configuration` when the address above is a name, or the name below is taken
 */
export async function upperApiService(lower: Client, owner: Owner, api: ApiAddress): Promise<string> {
  const { host, port } = api;
  if (isIP(host) === 0)
    throw new KubeError(
      'Configuration',
      `"${host}" is no IP address: say with --upper-api-address at which one containers reach the upper API server`,
    );
  if (Number(port) === usualPort) return host;
  const service = (await find(lower, owner)) ?? (await make(lower, owner, api));
  await bringSlice(lower, owner, api);
  return service.spec?.clusterIP ?? '';
}

const nameOf = ({ upperCluster }: Owner) => `kubernetes-${upperCluster.slice(0, 8)}`;

/** The account may list Services, and has no need to get them. */
async function find(lower: Client, owner: Owner): Promise<Service | undefined> {
  const fieldSelector = `metadata.name=${nameOf(owner)}`;
  const [found] = (await lower.list(services, { namespace, fieldSelector })).items;
  if (found && !isOfUpperCluster(found, owner))
    throw new KubeError(
      'Configuration',
      `the service ${keyOf(found)} below belongs to the lower cluster itself`,
    );
  return found;
}

async function make(lower: Client, owner: Owner, { host, port }: ApiAddress): Promise<Service> {
  const ports = [{ name: 'https', port: usualPort, protocol: 'TCP', targetPort: Number(port) as never }];
  const ipFamilies = [isIP(host) === 6 ? 'IPv6' : 'IPv4'];
  const metadata = { namespace, name: nameOf(owner), ...marks(owner, upperApiUid) };
  try {
    return await lower.create(services, { metadata, spec: { type: 'ClusterIP', ports, ipFamilies } });
  } catch (error) {
    // Another virtual node of the same lower cluster was faster.
    const found = hasCode(error, 'AlreadyExists') ? await find(lower, owner) : undefined;
    if (!found) throw error;
    return found;
  }
}

async function bringSlice(lower: Client, owner: Owner, { host, port }: ApiAddress): Promise<void> {
  const name = nameOf(owner);
  const { labels, annotations } = marks(owner, upperApiUid);
  const desired = {
    metadata: {
      namespace,
      name,
      labels: { ...labels, [serviceNameLabel]: name, [managedByLabel]: 'isthmus.io-provider' },
      annotations,
    },
    addressType: isIP(host) === 6 ? 'IPv6' : 'IPv4',
    endpoints: [{ addresses: [host], conditions: { ready: true } }],
    ports: [{ name: 'https', port: Number(port), protocol: 'TCP' }],
  } satisfies EndpointSlice;
  try {
    await lower.create(endpointSlices, desired);
    return;
  } catch (error) {
    if (!hasCode(error, 'AlreadyExists')) throw error;
  }
  const found = await lower.get(endpointSlices, { namespace, name });
  if (!isOfUpperCluster(found, owner))
    throw new KubeError('Configuration', `the endpointslice ${keyOf(found)} below is not ours`);
  const { endpoints, ports } = desired;
  if (isEqual([found.endpoints, found.ports] as never, [endpoints, ports] as never)) return;
  await lower.replace(endpointSlices, { ...found, endpoints, ports });
}
