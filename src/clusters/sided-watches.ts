import type { ReflectorState } from '../kube/reflector.ts';
import type { Watches } from '../kube/watches.ts';

/** How a watch stands, and of which of the two clusters of a virtual node it is. */
export interface SidedState extends ReflectorState {
  readonly side: 'upper' | 'lower';
}

/** How all watches of a virtual node stand, those of the upper cluster first. */
export function statesBySide(
  watches: Readonly<Record<SidedState['side'], readonly Watches[]>>,
): SidedState[] {
  return (['upper', 'lower'] as const).flatMap((side) =>
    watches[side].flatMap((one) => one.states().map((state) => ({ side, ...state }))),
  );
}
