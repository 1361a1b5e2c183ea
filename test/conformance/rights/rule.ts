import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { packageFolder } from '../../../src/cli/package-folder.ts';
import type { ClusterRole, KubeObject } from '../../../src/kube/types.ts';

export type Side = 'upper' | 'lower';

/** One right: a verb of a resource, in one namespace or in all. */
export interface Right {
  readonly side: Side;
  readonly verb: string;
  readonly resource: string;
  /** Where it is given by a Role. */
  readonly namespace?: string;
}

const manifests: Record<Side, string[]> = {
  upper: ['upper.yaml', 'upper-network-policies.yaml'],
  lower: ['lower.yaml', 'lower-metrics.yaml', 'lower-network-policies.yaml'],
};

/** What the manifests of one side say, object by object. */
function manifestsOf(side: Side): KubeObject[] {
  return manifests[side].flatMap((file) => {
    const text = readFileSync(join(packageFolder(), 'deploy', 'rbac', file), 'utf8');
    return parseAllDocuments(text).map((document) => document.toJS() as KubeObject);
  });
}

/** Every right that the manifests give. */
export function allRights(): Right[] {
  return (['upper', 'lower'] as const).flatMap((side) =>
    manifestsOf(side).flatMap((object) =>
      rulesOf(object).flatMap(({ resources = [], verbs }) =>
        resources.flatMap((resource) => verbs.map((verb) => toRight(side, verb, resource, object))),
      ),
    ),
  );
}

/** The same manifests for another account, without some rights. */
export function manifestsWithout(side: Side, account: string, rights: readonly Right[]): KubeObject[] {
  const renamed = JSON.stringify(manifestsOf(side)).replaceAll(
    /"name":"isthmus-(provider|lower)/g,
    `"name":"${account}`,
  );
  const removed = new Set(rights.map(nameOf));
  return (JSON.parse(renamed) as KubeObject[])
    .filter((object) => object.kind !== 'Namespace')
    .map((object) => {
      if (object.kind !== 'ClusterRole' && object.kind !== 'Role') return object;
      const rules = rulesOf(object).flatMap(({ apiGroups = [], resources = [], verbs }) =>
        resources.map((resource) => ({
          apiGroups,
          resources: [resource],
          verbs: verbs.filter((verb) => !removed.has(nameOf(toRight(side, verb, resource, object)))),
        })),
      );
      return { ...object, rules: rules.filter(({ verbs }) => verbs.length > 0) };
    });
}

/** `lower: create pods`, as the table calls it. */
export function nameOf({ side, verb, resource, namespace }: Right): string {
  return `${side}: ${verb} ${resource}${namespace ? ` in ${namespace}` : ''}`;
}

function rulesOf(object: KubeObject): NonNullable<ClusterRole['rules']> {
  return object.kind === 'ClusterRole' || object.kind === 'Role' ? ((object as ClusterRole).rules ?? []) : [];
}

function toRight(side: Side, verb: string, resource: string, { metadata }: KubeObject): Right {
  return { side, verb, resource, ...(metadata?.namespace ? { namespace: metadata.namespace } : {}) };
}
