import { readdirSync, readFileSync } from 'node:fs';
import { eventually } from '../../clusters.ts';
import type { Program } from '../program.ts';
import { sayHello } from '../workload/sessions.ts';
import type { ChaosWorld } from '../world.ts';

/** What a program holds: descriptors, and megabytes of memory. */
interface Holding {
  readonly descriptors: number;
  readonly megabytes: number;
}

/** Says what is wrong with the programs, compared with what they held when it was asked first. */
export interface ProgramsJudge {
  judge(): Promise<string[]>;
  /** The most that any program held at a settling, and the base, in words. */
  readonly most: string;
}

/** Programs are sampled when nothing is under way, so they should hold what they held before the faults. */
export function judgePrograms(world: ChaosWorld): ProgramsJudge {
  const bases = new Map<string, Holding>();
  let most: Holding = { descriptors: 0, megabytes: 0 };
  let isFirst = true;
  return {
    get most() {
      const base = [...bases].map(
        ([kind, { descriptors, megabytes }]) => `${kind} ${descriptors}, ${megabytes} MB`,
      );
      return `${most.descriptors} descriptors, ${most.megabytes} MB (at first: ${base.join('; ')})`;
    },
    async judge() {
      const faults: string[] = [];
      for (const program of world.programs.filter(({ isUp }) => isUp)) {
        const now = holdingOf(program);
        most = greater(most, now);
        const kind = kindOf(program);
        const base = bases.get(kind) ?? now;
        if (isFirst) bases.set(kind, greater(base, now));
        if (now.descriptors > 2 * base.descriptors + 40 || now.megabytes > 2 * base.megabytes + 100)
          faults.push(`${program.name} holds ${JSON.stringify(now)}, at first ${JSON.stringify(base)}`);
      }
      isFirst = false;
      faults.push(...world.programs.flatMap(unhandled), ...(await leftSessions(world)));
      if (world.members[0]?.hasKubelet) faults.push(...(await failing(() => sayHello(world))));
      return faults;
    },
  };
}

/** Replicas lead more or less at a time: their base is that of the one that held most. */
function kindOf({ name }: Program): string {
  return name.replace(/-\d+$/, '');
}

function greater(one: Holding, other: Holding): Holding {
  return {
    descriptors: Math.max(one.descriptors, other.descriptors),
    megabytes: Math.max(one.megabytes, other.megabytes),
  };
}

function holdingOf({ pid }: Program): Holding {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const kilobytes = Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0);
  return { descriptors: readdirSync(`/proc/${pid}/fd`).length, megabytes: Math.round(kilobytes / 1024) };
}

function unhandled(program: Program): string[] {
  const line = program
    .log()
    .split('\n')
    .find((text) => /unhandled|uncaught|"level":"fatal"|"level":60/i.test(text));
  return line ? [`${program.name} logged ${line.slice(0, 1_000)}`] : [];
}

/** Sessions of kubectl have ended, so the kubelet ports must have none. */
async function leftSessions({ programs }: ChaosWorld): Promise<string[]> {
  return failing(() =>
    eventually(async () => {
      for (const { metrics, name } of programs) {
        if (!metrics || !name.startsWith('provider')) continue;
        const text = await (await fetch(`${metrics}/metrics`)).text();
        const open = [...text.matchAll(/^isthmus_kubelet_streams\{.*\} (\d+)/gm)].map(([, count]) =>
          Number(count),
        );
        const sum = open.reduce((all, count) => all + count, 0);
        if (sum > 0) throw new Error(`${name} still has ${sum} sessions`);
      }
    }),
  );
}

async function failing(check: () => Promise<void>): Promise<string[]> {
  try {
    await eventually(check);
    return [];
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
}
