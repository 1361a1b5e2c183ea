import type { Client } from '../../kube/client.ts';
import { listAll } from '../../kube/list-all.ts';
import { nodes, pods } from '../../kube/resources.ts';
import type { Node, Pod } from '../../kube/types.ts';
import { virtualNodeLabel } from '../../translate/names.ts';
import { type NodeReport, reportNode } from './node-report.ts';

/** Which nodes are virtual ones, and which pods are bound to some node. */
export const virtualNodes = { labelSelector: `${virtualNodeLabel.name}=${virtualNodeLabel.value}` };
export const boundPods = { fieldSelector: 'spec.nodeName!=' };

/** With more virtual nodes than this one list of all bound pods is cheaper than one list for each. */
const fewNodes = 8;

/** The virtual nodes as they are now, by name. @throws KubeError */
export async function listReports(upper: Client): Promise<NodeReport[]> {
  const { items } = await listAll(upper, nodes, virtualNodes);
  const byName = items.sort((one, other) => (nameOf(one) < nameOf(other) ? -1 : 1));
  const podsOn = items.length > fewNodes ? await groupAll(upper) : (name: string) => listOn(upper, name);
  return Promise.all(byName.map(async (node) => reportNode(node, await podsOn(nameOf(node)))));
}

async function listOn(upper: Client, nodeName: string): Promise<Pod[]> {
  return (await listAll(upper, pods, { fieldSelector: `spec.nodeName=${nodeName}` })).items;
}

async function groupAll(upper: Client): Promise<(nodeName: string) => Pod[]> {
  const { items } = await listAll(upper, pods, boundPods);
  const groups = new Map<string, Pod[]>();
  for (const pod of items) {
    const name = pod.spec?.nodeName ?? '';
    const group = groups.get(name);
    if (group) group.push(pod);
    else groups.set(name, [pod]);
  }
  return (nodeName) => groups.get(nodeName) ?? [];
}

function nameOf({ metadata }: Node): string {
  return metadata?.name ?? '';
}
