import type { Random } from '../random.ts';
import type { ChaosWorld } from '../world.ts';

/** A kind of thing that goes wrong. */
export interface Fault {
  readonly kind: string;
  /** How long it lasts, in seconds, both ends included. */
  readonly seconds: readonly [least: number, most: number];
  /** What it may happen to; two faults never happen to the same target at a time. */
  targets(world: ChaosWorld): readonly string[];
  /** What it happens to beside its target. */
  readonly holds?: readonly string[];
  /** Makes it go wrong. */
  begin(world: ChaosWorld, target: string, random: Random): Promise<Begun>;
}

/** A fault that is there. */
interface Begun {
  /** What exactly was done, for the log. */
  readonly what: string;
  /** Puts it right again. */
  end(): Promise<void>;
}

/** The names of the lower clusters. */
export function memberNames({ members }: ChaosWorld): string[] {
  return members.map(({ name }) => name);
}

/** The lower cluster of this name. @throws when there is none */
export function memberOf({ members }: ChaosWorld, name: string): ChaosWorld['members'][number] {
  const member = members.find((one) => one.name === name);
  if (!member) throw new Error(`no lower cluster is called ${name}`);
  return member;
}

/** The names of the programs. */
export function programNames({ programs }: ChaosWorld): string[] {
  return programs.map(({ name }) => name);
}

/** The program of this name. @throws when there is none */
export function programOf({ programs }: ChaosWorld, name: string): ChaosWorld['programs'][number] {
  const program = programs.find((one) => one.name === name);
  if (!program) throw new Error(`no program is called ${name}`);
  return program;
}
