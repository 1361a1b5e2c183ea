import type { Client } from '../../../src/kube/client.ts';
import { hasCode } from '../../../src/kube/errors.ts';
import { configMaps, namespaces, type Resource, secrets } from '../../../src/kube/resources.ts';
import type { KubeObject } from '../../../src/kube/types.ts';

const serviceAccounts: Resource<KubeObject> = {
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  plural: 'serviceaccounts',
  namespaced: true,
};
const services: Resource<KubeObject> = {
  apiVersion: 'v1',
  kind: 'Service',
  plural: 'services',
  namespaced: true,
};
const priorityClasses: Resource<KubeObject> = {
  apiVersion: 'scheduling.k8s.io/v1',
  kind: 'PriorityClass',
  plural: 'priorityclasses',
  namespaced: false,
};
const runtimeClasses: Resource<KubeObject> = {
  apiVersion: 'node.k8s.io/v1',
  kind: 'RuntimeClass',
  plural: 'runtimeclasses',
  namespaced: false,
};
const base64 = (text: string) => Buffer.from(text).toString('base64');

/** What pods need of their cluster, in both clusters the same. */
export async function makeClasses(client: Client): Promise<void> {
  const metadata = { name: 'fidelity' };
  await ensure(client, priorityClasses, { metadata, ...{ value: 7, preemptionPolicy: 'Never' } });
  await ensure(client, runtimeClasses, {
    metadata,
    ...{ handler: 'runc', overhead: { podFixed: { cpu: '2m', memory: '1Mi' } } },
  });
}

/** A namespace with all that the pods name. */
export async function makeNamespace(client: Client, namespace: string): Promise<void> {
  await ensure(client, namespaces, { metadata: { name: namespace } });
  const named = (name: string) => ({ metadata: { name, namespace } });
  await Promise.all([
    ensure(client, configMaps, {
      ...named('settings'),
      data: { colour: 'green', shape: 'round\nand flat\n' },
      binaryData: { bytes: base64('\u0001\u0002') },
    }),
    ensure(client, secrets, {
      ...named('passwords'),
      data: { password: base64('open sesame'), other: base64('x') },
    }),
    ensure(client, secrets, {
      ...named('registry'),
      ...{ type: 'kubernetes.io/dockerconfigjson', data: { '.dockerconfigjson': base64('{"auths":{}}') } },
    }),
    ensure(client, serviceAccounts, named('builder')),
    ensure(client, serviceAccounts, { ...named('quiet'), ...{ automountServiceAccountToken: false } }),
    ensure(client, services, {
      ...named('neighbour'),
      ...{ spec: { ports: [{ port: 80 }], selector: { a: 'b' } } },
    }),
  ]);
}

/** Deletes a namespace with all that is in it; does not wait until it is gone. */
export async function removeNamespace(client: Client, namespace: string): Promise<void> {
  const { metadata } = await client.get(namespaces, { name: namespace });
  await client.delete(namespaces, { name: namespace }, { uid: metadata?.uid ?? '' });
}

/** The service accounts of a namespace, by name. */
export async function accountUids(client: Client, namespace: string): Promise<Map<string, string>> {
  const { items } = await client.list(serviceAccounts, { namespace });
  return new Map(items.map(({ metadata }) => [metadata?.name ?? '', metadata?.uid ?? '']));
}

async function ensure<T extends KubeObject>(client: Client, resource: Resource<T>, object: T): Promise<void> {
  await client.create(resource, object).catch((error: unknown) => {
    if (!hasCode(error, 'AlreadyExists')) throw error;
  });
}
