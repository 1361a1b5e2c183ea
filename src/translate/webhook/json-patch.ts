import type { Pod } from '../../kube/types.ts';
import { isEqual } from '../merge-patch.ts';

/** An operation of a JSON patch (RFC 6902), of those kinds that we use. */
export type PatchOperation =
  | { op: 'add' | 'replace'; path: string; value: unknown }
  | { op: 'remove'; path: string };

/** What the webhook may change, each field replaced as a whole. */
const specFields = ['nodeSelector', 'affinity', 'tolerations'] as const;

/** The operations that make the first pod into the second; they touch what the webhook may change and nothing else. */
export function podPatch(before: Pod, after: Pod): PatchOperation[] {
  const { annotations: old } = before.metadata ?? {};
  const annotations = after.metadata?.annotations ?? {};
  return [
    ...(old == null && Object.keys(annotations).length > 0
      ? [{ op: 'add', path: '/metadata/annotations', value: annotations } as const]
      : fields('/metadata/annotations', old ?? {}, annotations, Object.keys(annotations))),
    ...fields('/spec', before.spec ?? {}, after.spec ?? {}, specFields),
  ];
}

function fields(path: string, before: object, after: object, names: readonly string[]): PatchOperation[] {
  return names.flatMap((name): PatchOperation[] => {
    const [from, to] = [own(before, name), own(after, name)];
    if (isEqual(from as never, to as never)) return [];
    const at = `${path}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    if (to == null) return [{ op: 'remove', path: at }];
    return [{ op: from === undefined ? 'add' : 'replace', path: at, value: to }];
  });
}

/** `constructor` is a lawful annotation, and every object inherits something of that name. */
function own(map: object, name: string): unknown {
  return Object.hasOwn(map, name) ? (map as Record<string, unknown>)[name] : undefined;
}
