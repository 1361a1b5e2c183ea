import { Agent, type Dispatcher, ProxyAgent } from 'undici';
import type { Connection, Credentials } from './connection.ts';
import { KubeError } from './errors.ts';
import { sendGuard } from './send-guard.ts';
import { streamEar } from './stream-ear.ts';

/** The connections that one set of client certificates is good for. */
export interface Agents {
  /** The last of those that these connections are good for. */
  credentials: Credentials;
  readonly tlsKey: string;
  readonly calls: Dispatcher;
  readonly unbounded: Dispatcher;
  underWay: number;
  /** When an answer last came over any of these connections. */
  answered: number;
  readonly streams: Set<OpenStream>;
}

/** An answer that has no end. */
export interface OpenStream {
  /** When something last came (performance.now()). */
  heard: number;
  /** Ends it with an error for whoever reads it. */
  fail(why: Error): void;
}

const connectTimeout = 10_000;

/** The pooled connections to one API server: those of now, and those of former credentials until they are idle. */
export class ConnectionPools {
  readonly #connection: Connection;
  readonly #connections: number;
  /** Also those of former credentials, whose watches have not ended yet. */
  readonly #open = new Set<Agents>();
  #agents: Agents | undefined;
  #isClosed = false;

  /** @param connections kept for calls; streams and urgent calls get connections of their own beyond it */
  constructor(connection: Connection, connections: number) {
    this.#connection = connection;
    this.#connections = connections;
  }

  /** The pools for these credentials. New client certificates get new pools; the old ones end when idle. */
  for(credentials: Credentials): Agents {
    if (this.#isClosed)
      throw new KubeError('Aborted', `the connection to ${this.#connection.name} is closed`);
    if (this.#agents?.credentials === credentials) return this.#agents;
    const { tls } = credentials;
    const tlsKey = [tls.ca, tls.cert, tls.key, tls.servername, tls.rejectUnauthorized].join('\n');
    const former = this.#agents;
    if (former?.tlsKey === tlsKey) {
      former.credentials = credentials;
      return former;
    }
    const calls = this.#makeAgent(tls, this.#connections);
    const unbounded = this.#makeAgent(tls, null);
    this.#agents = { credentials, tlsKey, calls, unbounded, underWay: 0, answered: 0, streams: new Set() };
    this.#open.add(this.#agents);
    if (former?.underWay === 0) void this.#end(former);
    return this.#agents;
  }

  /** A call or stream is over. Agents of former credentials go with their last one. */
  ended(agents: Agents): void {
    agents.underWay -= 1;
    if (agents.underWay === 0 && agents !== this.#agents) void this.#end(agents);
  }

  /** After a partition every connection kept may be half open: calls from now on make new ones. */
  forget(agents: Agents): void {
    if (agents === this.#agents) this.#agents = undefined;
  }

  /**
   * A call that began then got no answer: its connection may be half open, and those of streams as well. Those that were
   * silent since end, for whoever watches can go on at once, and would otherwise know nothing for minutes.
   */
  endSilent({ streams }: Agents, since: number, why: Error): void {
    for (const stream of [...streams]) if (stream.heard < since) stream.fail(why);
  }

  /** Ends every connection, and makes no more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#agents = undefined;
    await Promise.all([...this.#open].map((agents) => this.#end(agents)));
  }

  /** Not by close(): an undici agent that is closing cannot be destroyed any more, and waits for its watches. */
  async #end(agents: Agents): Promise<void> {
    this.#open.delete(agents);
    await Promise.all([agents.calls.destroy(), agents.unbounded.destroy()]);
  }

  #makeAgent(tls: Credentials['tls'], connections: number | null): Dispatcher {
    const { proxyUrl } = this.#connection;
    const secure = { ...tls, timeout: connectTimeout };
    const options = { connections, keepAliveTimeout: 60_000 };
    const agent = proxyUrl
      ? new ProxyAgent({
          ...options,
          uri: proxyUrl,
          requestTls: secure,
          proxyTls: { timeout: connectTimeout },
        })
      : new Agent({ ...options, connect: secure });
    return agent.compose(sendGuard, streamEar);
  }
}
