import Table from 'cli-table3';
import type { NodeReport, Share } from './node-report.ts';

/** Lines for a terminal: one row for each node, then what is wrong. */
export function renderTable(all: readonly NodeReport[]): string {
  if (all.length === 0) return 'No virtual node yet. Start one with "isthmus provider", or try "isthmus up".';
  const table = new Table({
    head: ['NODE', 'REACHABLE', 'CPU', 'MEMORY', 'PODS', 'LARGEST FREE NODE', 'STATES'],
    style: { head: [], border: [], compact: true, 'padding-left': 0, 'padding-right': 2 },
    chars: {
      top: '',
      'top-mid': '',
      'top-left': '',
      'top-right': '',
      bottom: '',
      'bottom-mid': '',
      'bottom-left': '',
      'bottom-right': '',
      left: '',
      'left-mid': '',
      mid: '',
      'mid-mid': '',
      right: '',
      'right-mid': '',
      middle: '',
    },
  });
  for (const report of all) {
    table.push([
      report.name,
      report.isReachable ? 'yes' : 'NO',
      share(report.cpu, cores),
      share(report.memory, gibibytes),
      share(report.pods, (value) => String(value / billion)),
      report.largestFree
        ? `${cores(report.largestFree.cpu)} cpu, ${gibibytes(report.largestFree.memory)}`
        : '-',
      [...report.podStates].map(([state, count]) => `${count} ${state}`).join(', ') || '-',
    ]);
  }
  const problems = all.flatMap(({ name, problems }) => problems.map((problem) => `  ${name}: ${problem}`));
  const rows = table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd());
  return [...rows, ...(problems.length > 0 ? ['', 'Wrong:', ...problems] : [])].join('\n');
}

const billion = 1_000_000_000n;

function share({ used, of }: Share, format: (value: bigint) => string): string {
  const percent = of === 0n ? '' : ` (${(used * 100n) / of}%)`;
  return `${format(used)} of ${format(of)}${percent}`;
}

function cores(value: bigint): string {
  return (Number(value) / 1e9).toFixed(1);
}

function gibibytes(value: bigint): string {
  return `${(Number(value / billion) / 2 ** 30).toFixed(1)}Gi`;
}
