import type { PicturedCluster } from '../clusters/feed/lower-pictures.ts';
import { keyOf } from '../kube/resources.ts';
import type { Pod } from '../kube/types.ts';

interface Held {
  readonly until: number;
  release(): void;
}

/** For so long a pod that was asked to go has not come elsewhere yet, in milliseconds. */
const life = 20_000;

/** Holds room for pods that are on their way, or each of many would be told of the same room. */
export class RoomAhead {
  #held: Held[] = [];

  hold(pod: Pod, { feed }: PicturedCluster, now: number): void {
    const key = `${keyOf(pod)} on its way`;
    feed.picture.hold(key, pod);
    this.#held.push({ until: now + life, release: () => feed.picture.release(key) });
  }

  /** Gives up what was held long enough: who moved is seen where it is now. */
  expire(now: number): void {
    // What is held for longer was held before the clock was set back.
    const isOver = ({ until }: Held) => until <= now || until > now + life;
    for (const held of this.#held) if (isOver(held)) held.release();
    this.#held = this.#held.filter((held) => !isOver(held));
  }
}
