import { parseAllDocuments } from 'yaml';
import type { ClusterRole } from '../kube/types.ts';

/** The ClusterRoles in a manifest. */
export function readRoles(manifest: string): ClusterRole[] {
  return parseAllDocuments(manifest)
    .map((document) => document.toJS() as ClusterRole)
    .filter(({ kind }) => kind === 'ClusterRole');
}
