import { readFileSync } from 'node:fs';

interface CallFrame {
  readonly functionName: string;
  readonly url: string;
  readonly lineNumber: number;
}

interface Profile {
  readonly nodes: readonly { id: number; callFrame: CallFrame; children?: readonly number[] }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/**
 * Prints where the time of a .cpuprofile went: by function itself, and with all that it calls. The bundle keeps the
 * names of functions; what is outside of it is named by its package.
 *
 * @example node --import tsx hack/bench/profile.ts FILE.cpuprofile
 */
const file = process.argv[2];
if (file === undefined) throw new Error('name a .cpuprofile');
const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(file, 'utf8')) as Profile;
const own = new Map<number, number>();
for (const [index, id] of samples.entries())
  own.set(id, (own.get(id) ?? 0) + (timeDeltas[index] ?? 0) / 1_000);
const byId = new Map(nodes.map((node) => [node.id, node]));
const selfs = new Map<string, number>();
const totals = new Map<string, number>();

function nameOf({ functionName, url, lineNumber }: CallFrame): string {
  const place = url.replace(/^.*\/node_modules\//, '').replace(/^.*\/(dist|src)\//, '$1/');
  return `${functionName || '(anonymous)'} ${place}${url ? `:${lineNumber + 1}` : ''}`;
}

/** Adds up what is below a node; a function that calls itself counts once. */
function visit(id: number, path: ReadonlySet<string>): number {
  const node = byId.get(id);
  if (!node) return 0;
  const name = nameOf(node.callFrame);
  const inside = new Set(path).add(name);
  let total = own.get(id) ?? 0;
  selfs.set(name, (selfs.get(name) ?? 0) + total);
  for (const child of node.children ?? []) total += visit(child, inside);
  if (!path.has(name)) totals.set(name, (totals.get(name) ?? 0) + total);
  return total;
}

const roots = new Set(nodes.map(({ id }) => id));
for (const { children = [] } of nodes) for (const child of children) roots.delete(child);
let all = 0;
for (const root of roots) all += visit(root, new Set());
const idle = [...selfs].find(([name]) => name.startsWith('(idle)'))?.[1] ?? 0;
const busy = all - idle;
for (const [title, times, most] of [
  ['itself', selfs, 60],
  ['with what it calls', totals, 90],
] as const) {
  console.log(`\n${title}, of ${busy.toFixed(0)} ms of work:`);
  const sorted = [...times].filter(([name]) => !/^\((idle|root)\)/.test(name)).sort((a, b) => b[1] - a[1]);
  for (const [name, time] of sorted.slice(0, most))
    console.log(
      `${time.toFixed(0).padStart(7)} ms ${((100 * time) / busy).toFixed(1).padStart(5)} %  ${name}`,
    );
}
