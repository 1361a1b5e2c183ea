import { isDeepStrictEqual } from 'node:util';
import { splitKey } from '../../src/kube/resources.ts';
import type { Pod } from '../../src/kube/types.ts';
import { isOurs, isVirtual, upperUidOf } from '../../src/translate/marks.ts';
import { upperGenerationAnnotation } from '../../src/translate/names.ts';
import { isFinished, notedLowerUid } from '../../src/translate/pod-status.ts';
import { obstaclesOf } from './obstacles.ts';
import { ours, type Picture } from './picture.ts';

/** What is wrong with the pods of a picture that is at rest, in words. */
export function podFaults(picture: Picture): string[] {
  const { above, below, owner } = picture;
  const orphans = ours(below.pods, owner)
    .filter(([key, lower]) => above.pods.get(key)?.metadata?.uid !== upperUidOf(lower))
    .map(([key, lower]) => `lower pod ${key} (${lower.metadata?.uid}) has no upper pod`);
  const wrong = [...above.pods].flatMap(([key, upper]) =>
    faultsOf(picture, key, upper).map((fault) => `pod ${key} (${upper.metadata?.uid}): ${fault}`),
  );
  return [...orphans, ...wrong];
}

function faultsOf(picture: Picture, key: string, upper: Pod): string[] {
  const found = picture.below.pods.get(key);
  const isCopy = found && isOurs(found, picture.owner) && upperUidOf(found) === upper.metadata?.uid;
  const lower = isCopy ? found : undefined;
  if (upper.metadata?.deletionTimestamp) return ['is still being deleted above'];
  if (!upper.spec?.nodeName) return ['is not scheduled'];
  if (lower?.metadata?.deletionTimestamp) return ['is still being deleted below'];
  if (isFinished(upper)) return finishedFaults(picture, key, upper, lower);
  return lower ? copyFaults(picture, upper, lower) : waitingFaults(picture, key, upper);
}

function finishedFaults(picture: Picture, key: string, upper: Pod, lower: Pod | undefined): string[] {
  const wasHarmed =
    picture.harmed.has(upper.metadata?.uid ?? '') || picture.harmedSpaces.has(splitKey(key).namespace);
  return [
    ...(wasHarmed ? [] : [`is ${upper.status?.phase} (${upper.status?.reason}), and nobody ended it below`]),
    ...(lower && !isFinished(lower) ? ['has finished above and runs below'] : []),
    ...(lower ? statusFaults(upper, lower) : []),
  ];
}

/** A pod without a copy must wait, for the reason that there is, and only as long as there is one. */
function waitingFaults(picture: Picture, key: string, upper: Pod): string[] {
  const obstacles = obstaclesOf(picture, key, upper);
  const shown = upper.status?.containerStatuses?.[0]?.state?.waiting?.reason ?? 'nothing';
  if (notedLowerUid(upper)) return [`had a copy, has none, and is ${upper.status?.phase}`];
  if (obstacles.length === 0) return [`has no copy, and nothing is in the way (it shows ${shown})`];
  return obstacles.includes(shown) ? [] : [`waits for ${obstacles.join(', ')} and shows ${shown}`];
}

function copyFaults({ imageEdited }: Picture, upper: Pod, lower: Pod): string[] {
  const faults = statusFaults(upper, lower);
  for (const [label, value] of Object.entries(upper.metadata?.labels ?? {})) {
    if (lower.metadata?.labels?.[label] !== value) faults.push(`label ${label} is not ${value} below`);
  }
  for (const [name, value] of Object.entries(upper.metadata?.annotations ?? {})) {
    if (!name.startsWith('isthmus.io/') && lower.metadata?.annotations?.[name] !== value)
      faults.push(`annotation ${name} is not ${value} below`);
  }
  const removed = lower.metadata?.labels?.['color'];
  if (removed?.startsWith('v') && upper.metadata?.labels?.['color'] === undefined)
    faults.push(`label color is ${removed} below and was removed above`);
  if (!isVirtual(lower)) faults.push('has lost its label below');
  const generation = String(upper.metadata?.generation);
  if (lower.metadata?.annotations?.[upperGenerationAnnotation] !== generation)
    faults.push(`generation ${generation} has not arrived below`);
  const [main, copy] = [upper.spec?.containers[0], lower.spec?.containers[0]];
  if (!imageEdited.has(upper.metadata?.uid ?? '') && main?.image !== copy?.image)
    faults.push(`image is ${main?.image} above and ${copy?.image} below`);
  if (!isDeepStrictEqual(main?.resources, copy?.resources))
    faults.push(`resources are ${JSON.stringify(main?.resources)}, below ${JSON.stringify(copy?.resources)}`);
  return faults;
}

/**
 * The status above is the one below but for what speaks of the upper object. That the upper scheduler has placed the pod
 * stays there until the lower one says something.
 */
function statusFaults(upper: Pod, lower: Pod): string[] {
  const isUnseen = (lower.status?.conditions ?? []).length === 0;
  const [up, down] = [comparable(isUnseen ? notScheduled(upper) : upper), comparable(lower)];
  if (isDeepStrictEqual(up, down)) return [];
  return [`status is ${JSON.stringify(up)}, below ${JSON.stringify(down)}`];
}

function notScheduled(pod: Pod): Pod {
  const conditions = (pod.status?.conditions ?? []).filter(({ type }) => type !== 'PodScheduled');
  return { ...pod, status: { ...pod.status, conditions } };
}

function comparable({ status }: Pod): unknown {
  const { qosClass: _class, observedGeneration: _observed, conditions = [], ...rest } = status ?? {};
  const plain = conditions.map(({ observedGeneration: _generation, ...condition }) => condition);
  return JSON.parse(
    JSON.stringify({ ...rest, conditions: plain.sort((a, b) => (a.type < b.type ? -1 : 1)) }),
  );
}
