import type { ConnectionOptions } from 'node:tls';
import { type Ending, Line } from './line.ts';

/** Connections to one server, each used by one exchange at a time. */
export class Lines {
  readonly #port: number;
  readonly #tls: ConnectionOptions | undefined;
  readonly #idle: Line[] = [];

  constructor(port: number, tls: ConnectionOptions | undefined) {
    this.#port = port;
    this.#tls = tls;
  }

  /** As of {@link Line}. */
  async exchange(...what: Parameters<Line['exchange']>): Promise<Ending> {
    const line = this.#idle.pop() ?? new Line(this.#port, this.#tls);
    const ending = await line.exchange(...what);
    this.#idle.push(line);
    return ending;
  }

  close(): void {
    for (const line of this.#idle.splice(0)) line.close();
  }
}
