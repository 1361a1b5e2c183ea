import { existsSync, realpathSync } from 'node:fs';
import { type LocalClusters, openClusters } from './open.ts';
import { isAlive, readRecords } from './process.ts';
import { isOfCluster } from './programs.ts';
import { claims, readState } from './state.ts';

/** The clusters in a directory if all of their programs run; undefined if there are none or only a part of them. */
export function runningClusters(directory: string): LocalClusters | undefined {
  if (!existsSync(directory) || !readState(directory)?.complete) return undefined;
  const records = [...readRecords(directory).values()].filter(({ name }) => isOfCluster(name));
  return records.length > 0 && records.every(isAlive) ? openClusters(directory) : undefined;
}

/** Whether there is anything to stop, running or not: a start may have been killed at any point. */
export function hasRemains(directory: string): boolean {
  if (!existsSync(directory)) return claims().some((claim) => claim.directory === directory);
  const place = realpathSync(directory);
  return readState(place) !== undefined || claims().some((claim) => claim.directory === place);
}
