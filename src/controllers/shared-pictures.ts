import type { Client } from '../kube/client.ts';
import type { Watches } from '../kube/watches.ts';
import type { ReflectTo } from './reflect.ts';

/** What a picture of the upper cluster is made from. */
export interface PictureOptions extends ReflectTo {
  readonly upper: Client;
  /** The upper namespace to watch; all of them when undefined. */
  readonly namespace: string | undefined;
}

/** What is watched of the upper cluster. */
export interface Picture {
  readonly watches: Pick<Watches, 'run'>;
}

interface Held<T> {
  readonly picture: T;
  readonly end: AbortController;
  users: number;
}

/** One picture for each upper namespace that is served, or one of all, watched while some virtual node looks at it. */
export class SharedPictures<T extends Picture> {
  readonly #open: (namespace: string | undefined) => T;
  readonly #known = new Map<string | undefined, Held<T>>();

  /** `open` makes a picture that nobody watches yet. */
  constructor(open: (namespace: string | undefined) => T) {
    this.#open = open;
  }

  /** @returns the picture, and what lets it go */
  use(namespace: string | undefined): { picture: T; release: () => void } {
    const held = this.#known.get(namespace) ?? this.#begin(namespace);
    held.users += 1;
    let isUsed = true;
    const release = () => {
      if (!isUsed) return;
      isUsed = false;
      held.users -= 1;
      if (held.users > 0) return;
      this.#known.delete(namespace);
      held.end.abort();
    };
    return { picture: held.picture, release };
  }

  #begin(namespace: string | undefined): Held<T> {
    const begun: Held<T> = { picture: this.#open(namespace), end: new AbortController(), users: 0 };
    void begun.picture.watches.run(begun.end.signal);
    this.#known.set(namespace, begun);
    return begun;
  }
}
