import type { Contender } from './contender.ts';
import type { Place } from './place.ts';

/** Everything that a measurement works with. */
export interface Bench {
  readonly place: Place;
  readonly isthmus: Contender;
  readonly mirror: Contender;
  /** Another implementation, where its command was given. */
  readonly peer: Contender | undefined;
  /** The bundle of bare-pipe.ts. */
  readonly pipeScript: string;
  progress(line: string): void;
}

/** Who has a figure: the contenders, and the benchmark itself, which goes straight to the lower cluster. */
export type Who = 'isthmus' | 'mirror' | 'peer' | 'direct' | 'pipe';

/** One line of the table. */
export interface Row {
  readonly what: string;
  readonly unit: string;
  readonly figures: Partial<Readonly<Record<Who, number>>>;
  /** What is aimed at, in words. */
  readonly aim?: string;
}

/** One thing that is measured. */
export type Measurement = (bench: Bench) => Promise<readonly Row[]>;

/** The contenders that are there, by who they are in a row. */
export function contendersOf({ isthmus, mirror, peer }: Bench): [Who & keyof Bench, Contender][] {
  return [['mirror', mirror], ['isthmus', isthmus], ...(peer ? [['peer', peer] as ['peer', Contender]] : [])];
}
