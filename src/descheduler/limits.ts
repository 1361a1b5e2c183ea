import { ownerKeyOf } from './owner.ts';
import type { Move } from './strategy.ts';

export interface LimitOptions {
  /** Pods of one virtual node that may be moved in a round. */
  readonly perNode: number;
  /** Pods of one controller that may be moved in a minute. */
  readonly perOwner: number;
  /** Pods that may be moved in a minute. */
  readonly perMinute: number;
}

/** A move as far as limits go. */
export interface Counted {
  /** The virtual node that the pod is on; empty when it is on none. */
  readonly node: string;
  readonly owner: string;
}

interface Moved {
  readonly at: number;
  readonly owner: string;
}

const minute = 60_000;

/** Keeps moves few: a mistake should cost a minute's worth of pods, not all of them. */
export class Limits {
  readonly #options: LimitOptions;
  readonly #perNode = new Map<string, number>();
  #moved: readonly Moved[] = [];

  constructor(options: LimitOptions) {
    this.#options = options;
  }

  /** A round begins. */
  begin(now: number): void {
    this.#perNode.clear();
    // What is to come was written before the clock was set back.
    this.#moved = this.#moved.filter(({ at }) => at <= now && now - at < minute);
  }

  /** Whether nothing at all may be moved any more now. */
  get isExhausted(): boolean {
    return this.#moved.length >= this.#options.perMinute;
  }

  /** Whether so many pods may be moved, each from its node and of its owner. */
  allow(moves: readonly Counted[]): boolean {
    const { perNode, perOwner, perMinute } = this.#options;
    const count = (of: 'node' | 'owner', value: string) => moves.filter((move) => move[of] === value).length;
    return (
      this.#moved.length + moves.length <= perMinute &&
      moves.every(
        ({ node, owner }) =>
          (this.#perNode.get(node) ?? 0) + count('node', node) <= perNode &&
          this.#moved.filter((one) => one.owner === owner).length + count('owner', owner) <= perOwner,
      )
    );
  }

  /** A pod was moved. */
  spend({ node, owner }: Counted, now: number): void {
    this.#perNode.set(node, (this.#perNode.get(node) ?? 0) + 1);
    this.#moved = [...this.#moved, { at: now, owner }];
  }
}

/** As what a move counts. */
export function countedAs({ pod }: Pick<Move, 'pod'>): Counted {
  return { node: pod.spec?.nodeName ?? '', owner: ownerKeyOf(pod) };
}
