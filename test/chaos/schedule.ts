import type { Fault } from './faults/fault.ts';
import type { Random } from './random.ts';

/** A fault that is to come: seconds after the round began, and what decides what it does in particular. */
export interface Planned {
  readonly fault: Fault;
  readonly target: string;
  readonly at: number;
  readonly seconds: number;
  readonly seed: number;
}

export interface RoundOptions {
  /** How long faults begin, in seconds. */
  readonly seconds: number;
  /** How many faults there are at a time at most. */
  readonly lanes: number;
  targets(fault: Fault): readonly string[];
}

/** Deals faults so that each kind comes before any comes again. */
export interface Deck {
  deal(): Fault;
}

/** A deck that is shuffled whenever it is empty. */
export function deckOf(faults: readonly Fault[], random: Random): Deck {
  let left: Fault[] = [];
  return {
    deal() {
      if (left.length === 0) left = random.shuffle(faults);
      const fault = left.pop();
      if (!fault) throw new Error('there are no faults');
      return fault;
    },
  };
}

/** Draws one round: faults overlap, but never on one target. In the order in which they begin. */
export function drawRound(deck: Deck, random: Random, { seconds, lanes, targets }: RoundOptions): Planned[] {
  const planned: Planned[] = [];
  for (let lane = 0; lane < lanes; lane++) {
    let at = 1 + lane * 2 + random.next();
    while (at < seconds) {
      const fault = deck.deal();
      const lasts = random.between(...fault.seconds);
      const free = targets(fault).filter((target) => !isTaken(planned, held(fault, target), at, lasts));
      if (free.length > 0) {
        const seed = random.between(0, 2 ** 31 - 1);
        planned.push({ fault, target: random.pick(free), at, seconds: lasts, seed });
        at += lasts;
      }
      at += 0.5 + 2 * random.next();
    }
  }
  return planned.sort((one, other) => one.at - other.at);
}

/** Putting right takes time as well: a program needs some to begin. */
const margin = 4;

function held({ holds = [] }: Fault, target: string): string[] {
  return [target, ...holds];
}

function isTaken(planned: readonly Planned[], wanted: readonly string[], at: number, lasts: number): boolean {
  return planned.some(
    (other) =>
      held(other.fault, other.target).some((one) => wanted.includes(one)) &&
      at < other.at + other.seconds + margin &&
      other.at < at + lasts + margin,
  );
}
