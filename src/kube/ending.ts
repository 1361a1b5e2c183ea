import { EventEmitter, setMaxListeners } from 'node:events';

/**
 * What ends one call, as an AbortSignal does. undici takes either, and an AbortController with its listeners costs more
 * than all else that is done for a call.
 */
export class Ending extends EventEmitter {
  readonly #parent: AbortSignal | undefined;
  readonly #onParent = () => this.abort(new Error('the call was given up'));
  aborted = false;
  reason: unknown;

  /** @param parent ends it too, until {@link release} */
  constructor(parent: AbortSignal | undefined) {
    super();
    this.#parent = parent;
    if (!parent) return;
    if (parent.aborted) this.#onParent();
    // As many as there are calls under way: Node takes eleven listeners for a leak.
    setMaxListeners(0, parent);
    parent.addEventListener('abort', this.#onParent, { once: true });
  }

  abort(reason: unknown): void {
    if (this.aborted) return;
    this.aborted = true;
    this.reason = reason;
    this.emit('abort');
  }

  /** Lets go of the parent; one that lives long would collect a listener for every call. */
  release(): void {
    this.#parent?.removeEventListener('abort', this.#onParent);
  }
}
