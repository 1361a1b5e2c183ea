import Table from 'cli-table3';
import type { ChaosOutcome } from './run.ts';

/** The figures of a run as tables for a person. */
export function reportOf({ counts, settlings, states, pods, steps }: ChaosOutcome): string {
  const faults = table(['faults', 'times'], [...counts].sort());
  const work = table(
    ['workload', 'steps', 'refused meanwhile'],
    [...steps].map(([name, { done, failed }]) => [name, done, failed]),
  );
  const longest = (of: 'ready' | 'matched' | 'statuses') => Math.max(0, ...settlings.map((one) => one[of]));
  const sum = (of: 'pairs' | 'comparisons') => settlings.reduce((all, one) => all + one[of], 0);
  const checks = table(
    ['checks', ''],
    [
      ['states of pods looked at', states],
      ['pods above, below', `${pods.above}, ${pods.below}`],
      ['settlings', settlings.length],
      ['pods compared, comparisons', `${sum('pairs')}, ${sum('comparisons')}`],
      ['longest until all is Ready', `${(longest('ready') / 1_000).toFixed(1)} s`],
      ['longest that a status was not the one below', `${(longest('statuses') / 1_000).toFixed(1)} s`],
      ['longest until nothing at all differs', `${(longest('matched') / 1_000).toFixed(1)} s`],
    ],
  );
  return [faults, work, checks].join('\n');
}

function table(head: string[], rows: (string | number)[][]): string {
  const drawn = new Table({ head, style: { head: [], border: [] } });
  drawn.push(...rows);
  return drawn.toString();
}
