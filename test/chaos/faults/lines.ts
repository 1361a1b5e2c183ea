import type { Line } from '../line.ts';
import type { Random } from '../random.ts';
import type { ChaosWorld } from '../world.ts';
import { type Fault, memberNames, memberOf } from './fault.ts';

/** Every line, that to the upper cluster too. */
export function lineNames(world: ChaosWorld): string[] {
  return [...memberNames(world), 'upper'];
}

/** The line to a cluster. */
export function lineOf(world: ChaosWorld, name: string): Line {
  return name === 'upper' ? world.upperLine : memberOf(world, name).line;
}

type OnLine = (line: Line, random: Random) => { what: string; end: () => void };

function onLine(kind: string, seconds: Fault['seconds'], begin: OnLine): Fault {
  return {
    kind,
    seconds,
    targets: lineNames,
    async begin(world, target, random) {
      const { what, end } = begin(lineOf(world, target), random);
      return { what: `${target}: ${what}`, end: async () => end() };
    },
  };
}

/** Every connection is reset, watches with them; new ones pass. */
export const watchesCut = onLine('watches cut', [0, 0], ({ cable }) => {
  const { open } = cable;
  cable.cut();
  return { what: `${open} connections reset`, end: () => {} };
});

/** Nothing arrives any more and nobody is told; what was connected then stays dead. */
export const halfOpen = onLine('half-open', [3, 25], ({ cable }) => {
  const { open } = cable;
  cable.hold();
  return { what: `nothing arrives on ${open} connections, nor on new ones`, end: () => cable.mend() };
});

/** Answers come 200 ms late. */
export const slow = onLine('slow', [5, 20], ({ cable }) => {
  cable.delay(200);
  return { what: 'answers come 200 ms late', end: () => cable.delay(0) };
});

/** One piece of data in ten is lost and sent again. */
export const lossy = onLine('lossy', [5, 15], ({ cable }, random) => {
  cable.lose(0.1, random.next);
  return { what: 'one piece of data in ten is sent again', end: () => cable.lose(0) };
});
