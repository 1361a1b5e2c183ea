import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What came of the inputs of one kind. */
export interface Counted {
  readonly target: string;
  readonly kind: string;
  readonly inputs: number;
  /** How many inputs ended in which way. */
  readonly endings: Readonly<Record<string, number>>;
  readonly seconds: number;
  /** The longest that nothing else was done meanwhile, in milliseconds. */
  readonly holdUp: number;
  /** The most memory that the process had, in bytes. */
  readonly memory: number;
}

/** Leaves the figures of a target for the table at the end of the run. */
export function leaveTally(folder: string, target: string, counted: readonly Counted[]): void {
  writeFileSync(join(folder, `${target.replaceAll(' ', '-')}.json`), JSON.stringify(counted));
}
