import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ChaosWorld } from '../world.ts';

/** Indexes of Jobs that have completed more than once on the real kubelet, by what they noted themselves. */
export function completedTwice({ notes }: ChaosWorld): string[] {
  return readdirSync(notes).flatMap((job) => {
    const seen = new Map<string, string>();
    const lines = readFileSync(join(notes, job), 'utf8').split('\n').filter(Boolean);
    return lines.flatMap((line) => {
      const [index = '', pod = ''] = line.split(' ');
      const first = seen.get(index);
      seen.set(index, pod);
      return first === undefined
        ? []
        : [`index ${index} of ${job} completed twice: in ${first}, then in ${pod}`];
    });
  });
}
