import { type Deferred, deferred } from '../../kube/deferred.ts';

/** Standard output whose reader may leave at any time (`| head`): that is no failure of ours. */
export class Output {
  readonly #stream: NodeJS.WriteStream;
  readonly #closed: Deferred = deferred();
  #isClosed = false;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      this.#isClosed = true;
      this.#closed.resolve();
    });
  }

  get isTerminal(): boolean {
    return this.#stream.isTTY ?? false;
  }

  /** Resolves when nobody reads any more. */
  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  /** What is written after the reader has left is dropped. */
  write(text: string): void {
    if (text !== '' && !this.#isClosed) this.#stream.write(text);
  }

  /** Resolves when everything was taken, or the reader has left. */
  async end(): Promise<void> {
    const taken = new Promise<void>((resolve) => this.#stream.write('', () => resolve()));
    await Promise.race([taken, this.closed]);
  }
}
