import { isDeepStrictEqual } from 'node:util';
import { splitKey } from '../../src/kube/resources.ts';
import type { ConfigMap, Pod, Secret } from '../../src/kube/types.ts';
import { upperNameOf } from '../../src/translate/lower-names.ts';
import { upperUidOf } from '../../src/translate/marks.ts';
import { isFinished } from '../../src/translate/pod-status.ts';
import { referencesOf } from '../../src/translate/references.ts';
import { tokenSecretName } from '../../src/translate/service-account.ts';
import { ours, type Picture } from './picture.ts';

/** What is wrong with the ConfigMaps and Secrets of a picture that is at rest, in words. */
export function dependencyFaults(picture: Picture): string[] {
  const { below, owner } = picture;
  const pods = ours(below.pods, owner);
  return [
    ...(['ConfigMap', 'Secret'] as const).flatMap((kind) =>
      ours<ConfigMap | Secret>(below[kind], owner).flatMap(([key, copy]) =>
        copyFaults(picture, kind, key, copy, pods),
      ),
    ),
    ...pods.flatMap(([key, pod]) => missingFaults(picture, key, pod)),
  ];
}

/** A copy must be of something above, equal to it, and used by a pod below. */
function copyFaults(
  { above, owner }: Picture,
  kind: 'ConfigMap' | 'Secret',
  key: string,
  copy: ConfigMap | Secret,
  pods: [string, Pod][],
): string[] {
  const { namespace, name } = splitKey(key);
  const users = pods.filter(
    ([podKey, pod]) => splitKey(podKey).namespace === namespace && names(pod, kind, name),
  );
  const faults = users.length > 0 ? [] : [`lower ${kind} ${key} is ours and no pod below uses it`];
  if (name.startsWith('isthmus-tokens-')) {
    const isOfUser = users.some(([, pod]) => tokenSecretName(upperUidOf(pod) ?? '') === name);
    return isOfUser ? faults : [...faults, `tokens ${key} are not of the pod that uses them`];
  }
  const upper = above[kind].get(`${namespace}/${upperNameOf(kind, name, owner)}`);
  if (!upper) return [...faults, `lower ${kind} ${key} is ours and there is none above`];
  if (upperUidOf(copy) !== upper.metadata?.uid) faults.push(`lower ${kind} ${key} is of an earlier one`);
  if (!isDeepStrictEqual(upper.data, copy.data))
    faults.push(`${kind} ${key} holds ${JSON.stringify(upper.data)}, below ${JSON.stringify(copy.data)}`);
  return faults;
}

/** What a pod below names and is there above must be there below, unless somebody else has its name. */
function missingFaults({ above, below }: Picture, podKey: string, pod: Pod): string[] {
  const { namespace } = splitKey(podKey);
  return referencesOf(pod, { withToken: true }).flatMap(({ kind, name }) => {
    const key = `${namespace}/${name}`;
    // What has finished needs no token any more, and gets none again.
    const isExpected = above[kind].has(key) || (name.startsWith('isthmus-tokens-') && !isFinished(pod));
    return isExpected && !below[kind].has(key)
      ? [`lower ${kind} ${key} is missing for pod ${podKey} (${pod.status?.phase})`]
      : [];
  });
}

function names(pod: Pod, kind: 'ConfigMap' | 'Secret', name: string): boolean {
  return referencesOf(pod, { withToken: true }).some(
    (reference) => reference.kind === kind && reference.name === name,
  );
}
