import { Agent, type Dispatcher, ProxyAgent } from 'undici';
import { answerEar } from './answer-ear.ts';
import { type Connection, type Credentials, tlsIdentity } from './connection.ts';
import { KubeError } from './errors.ts';
import { sendGuard } from './send-guard.ts';

/** The connections that one set of client certificates is good for. */
export interface Agents {
  /** The last of those that these connections are good for. */
  credentials: Credentials;
  readonly identity: string;
  readonly calls: Dispatcher;
  readonly unbounded: Dispatcher;
  underWay: number;
  /** When an answer last came over any of these connections. */
  answered: number;
  readonly exchanges: Set<Exchange>;
  /** Set while they are thought to bring nothing to anybody. */
  doubt: Doubt | undefined;
}

/**
 * Since when connections are thought to be dead (performance.now()), and whether by a call that waited long enough. One
 * that came while the first was not settled yet is remembered: they may have died in between.
 */
interface Doubt {
  readonly since: number;
  readonly isCertain: boolean;
  readonly last: number;
}

/** A call that has no answer yet, or an answer that has no end. */
export interface Exchange {
  isStream: boolean;
  /** When something last came, or it was begun (performance.now()). */
  heard: number;
  /** Ends it with an error for whoever waits or reads. */
  fail(why: Error): void;
}

const connectTimeout = 10_000;

/** The pooled connections to one API server: those of now, and those of former credentials until they are idle. */
export class ConnectionPools {
  readonly #connection: Connection;
  readonly #connections: number;
  readonly #patience: number;
  /** Also those of former credentials, whose watches have not ended yet. */
  readonly #open = new Set<Agents>();
  #agents: Agents | undefined;
  #isClosed = false;

  /**
   * @param connections kept for calls; streams and urgent calls get connections of their own beyond it
   * @param patience how long a stream may be silent on connections that are only suspected, in milliseconds
   */
  constructor(connection: Connection, connections: number, patience: number) {
    this.#connection = connection;
    this.#connections = connections;
    this.#patience = patience;
  }

  /** The pools for these credentials. New client certificates get new pools; the old ones end when idle. */
  for(credentials: Credentials): Agents {
    if (this.#isClosed)
      throw new KubeError('Aborted', `the connection to ${this.#connection.name} is closed`);
    if (this.#agents?.credentials === credentials) return this.#agents;
    const { tls } = credentials;
    const identity = tlsIdentity(tls);
    const former = this.#agents;
    if (former?.identity === identity) {
      former.credentials = credentials;
      return former;
    }
    const calls = this.#makeAgent(tls, this.#connections);
    const unbounded = this.#makeAgent(tls, null);
    this.#agents = {
      credentials,
      identity,
      calls,
      unbounded,
      underWay: 0,
      answered: 0,
      exchanges: new Set(),
      doubt: undefined,
    };
    this.#open.add(this.#agents);
    if (former?.underWay === 0) void this.#end(former);
    return this.#agents;
  }

  /** A call or stream is over. Agents of former credentials go with their last one. */
  ended(agents: Agents): void {
    agents.underWay -= 1;
    if (agents.underWay === 0 && agents !== this.#agents) void this.#end(agents);
  }

  /**
   * After a partition every connection kept may be half open: calls from now on make new ones. What becomes of those that
   * are under way, also on connections that were forgotten before, is decided when others are answered.
   */
  forget(agents: Agents, isEvidence: boolean): void {
    const now = performance.now();
    if (agents === this.#agents) this.#agents = undefined;
    for (const each of this.#open) {
      if (each === agents && isEvidence) each.doubt = { since: now, isCertain: true, last: now };
      else if (each !== this.#agents) each.doubt = { since: now, isCertain: false, ...each.doubt, last: now };
    }
  }

  /**
   * An answer came: what waits on connections that were forgotten, and has heard nothing since, waits in vain. Where only
   * a call with little time said so, calls go on, and streams get some more time: to begin one again costs a request.
   */
  answered(agents: Agents): void {
    agents.answered = performance.now();
    for (const former of this.#open) {
      if (former === agents || !former.doubt) continue;
      const { since, isCertain, last } = former.doubt;
      if (!isCertain && agents.answered - since < this.#patience) continue;
      former.doubt = last > since ? { since: last, isCertain: false, last } : undefined;
      endSilent(former, since, dead(), isCertain ? undefined : isStream);
    }
  }

  /**
   * A call that began then got no answer: its connection may be half open, and those of streams as well. Those that were
   * silent since end, for whoever watches can go on at once, and would otherwise know nothing for minutes.
   */
  endSilentStreams(since: number, why: Error): void {
    for (const agents of this.#open) endSilent(agents, since, why, isStream);
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
    return agent.compose(sendGuard, answerEar);
  }
}

function isStream(exchange: Exchange): boolean {
  return exchange.isStream;
}

function dead(): Error {
  return new Error('its connection was dead while others were answered');
}

function endSilent(
  { exchanges }: Agents,
  since: number,
  why: Error,
  which: (exchange: Exchange) => boolean = () => true,
): void {
  for (const exchange of [...exchanges]) if (exchange.heard < since && which(exchange)) exchange.fail(why);
}
