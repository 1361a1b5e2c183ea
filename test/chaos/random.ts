/** Numbers that a seed decides. */
export interface Random {
  /** From 0 up to 1, without 1. */
  next(): number;
  /** A whole number, both ends included. */
  between(least: number, most: number): number;
  /** One of several. @throws when there is none */
  pick<T>(from: readonly T[]): T;
  /** The same in another order. */
  shuffle<T>(items: readonly T[]): T[];
}

/** Mulberry32: small, quick and good enough to choose faults. */
export function randomOf(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const between = (least: number, most: number) => least + Math.floor(next() * (most - least + 1));
  return {
    next,
    between,
    pick<T>(from: readonly T[]): T {
      if (from.length === 0) throw new Error('nothing to pick from');
      return from[between(0, from.length - 1)] as T;
    },
    shuffle<T>(items: readonly T[]): T[] {
      const order = items.map((item) => ({ item, place: next() }));
      return order.sort((one, other) => one.place - other.place).map(({ item }) => item);
    },
  };
}
