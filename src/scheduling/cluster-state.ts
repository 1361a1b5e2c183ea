import type { Labels } from './label-selector.ts';
import { NodeTable } from './node-table.ts';
import { PodTable } from './pod-table.ts';
import { Storage } from './storage.ts';

const none: Labels = {};

/** The state of a cluster as filters and scores read it. */
export class ClusterState {
  readonly nodes = new NodeTable();
  readonly pods = new PodTable(this.nodes);
  readonly storage = new Storage();
  /** The labels of namespaces. */
  readonly namespaces = new Map<string, Labels>();

  /** The labels of a namespace; one that is not known has none. */
  readonly namespaceLabels = (name: string): Labels => this.namespaces.get(name) ?? none;
}
