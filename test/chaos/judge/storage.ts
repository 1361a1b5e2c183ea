import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { persistentVolumeClaims } from '../../../src/kube/resources.ts';
import { upperUidOf } from '../../../src/translate/marks.ts';
import { volumesFolder } from '../workload/stateful-set.ts';
import type { ChaosWorld } from '../world.ts';

/** Says what is wrong with claims and their data, compared with what it saw when it was asked before. */
export type StorageJudge = () => Promise<string[]>;

/** A claim above keeps its claim and volume below for as long as it lives, and no line in a volume is ever lost. */
export function judgeStorage(world: ChaosWorld): StorageJudge {
  const places = new Map<string, string>();
  const data = new Map<string, string>();
  return async () => [...(await movedClaims(world, places)), ...lostData(world, data)];
}

async function movedClaims({ above, members, namespace }: ChaosWorld, places: Map<string, string>) {
  const faults: string[] = [];
  const { items: upper } = await above.list(persistentVolumeClaims, { namespace });
  const lists = await Promise.all(
    members.map(({ below }) => below.list(persistentVolumeClaims, { namespace })),
  );
  const lower = lists.flatMap(({ items }) => items);
  for (const { metadata } of upper) {
    const { uid = '', name } = metadata ?? {};
    const [copy, ...more] = lower.filter((claim) => upperUidOf(claim) === uid);
    const place = copy && `${copy.metadata?.uid} on ${copy.spec?.volumeName}`;
    const before = places.get(uid);
    if (more.length > 0) faults.push(`claim ${name} has ${more.length + 1} copies below`);
    if (before && place !== before) faults.push(`claim ${name} was ${before} below and is ${place}`);
    if (place && copy.spec?.volumeName) places.set(uid, place);
  }
  return faults;
}

function lostData(world: ChaosWorld, data: Map<string, string>): string[] {
  const folder = volumesFolder(world);
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((name) => {
    const file = join(folder, name, 'starts');
    const now = existsSync(file) ? readFileSync(file, 'utf8') : '';
    const before = data.get(name) ?? '';
    data.set(name, now);
    return now.startsWith(before) ? [] : [`volume ${name} has lost lines: ${before} became ${now}`];
  });
}
