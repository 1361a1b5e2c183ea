import http, { type IncomingMessage } from 'node:http';
import https, { type RequestOptions } from 'node:https';
import type { Socket } from 'node:net';
import { KubeError } from '../../kube/errors.ts';
import type { Transport } from '../../kube/transport.ts';
import { lowerAgent } from './lower-agent.ts';

/** What the lower API server said: `upgrade` is set when it said 101. */
export interface LowerAnswer {
  readonly response: IncomingMessage;
  readonly upgrade: { socket: Socket; head: Buffer } | undefined;
}

export interface LowerRequest {
  method: string;
  /** Path and query, without the path of the kubeconfig's server. */
  path: string;
  headers: Record<string, string | string[]>;
  /** Ends the request, or the reading of its answer. An upgraded socket is the caller's. */
  signal: AbortSignal;
}

/** A kubelet answers at once or not at all; what takes its time comes after the headers. In milliseconds. */
const answerTimeout = 30_000;

/**
 * Asks the lower API server over HTTP/1.1, on a connection of its own: an upgrade takes the connection away, and
 * a log that nobody ends must not hold one that others need.
 *
 * @throws KubeError `Unreachable`, or `Configuration` when there are no credentials
 */
export async function dialLower(transport: Transport, request: LowerRequest): Promise<LowerAnswer> {
  const { name, server } = transport.connection;
  const { tls, headers, agent } = await transport.credentials();
  const isPlain = server.protocol === 'http:';
  const options: RequestOptions = {
    ...tls,
    host: server.hostname.replace(/^\[|\]$/g, ''),
    ...(server.port === '' ? {} : { port: server.port }),
    path: server.pathname.replace(/\/$/, '') + request.path,
    method: request.method,
    headers: { ...request.headers, ...headers },
    agent: agent ?? (isPlain ? false : lowerAgent(transport, tls)),
    signal: request.signal,
    // Passed on to net.connect: the lower side may still speak when the caller has nothing more to say.
    ...{ allowHalfOpen: true, noDelay: true },
  };
  return new Promise((resolve, reject) => {
    const outgoing = (isPlain ? http : https).request(options);
    const timer = setTimeout(() => outgoing.destroy(new Error('no answer within 30 s')), answerTimeout);
    const answer = (response: IncomingMessage, upgrade: LowerAnswer['upgrade']) => {
      clearTimeout(timer);
      resolve({ response, upgrade });
    };
    outgoing.on('response', (response) => answer(response, undefined));
    outgoing.on('upgrade', (response, socket, head) => {
      // Without a listener, a reset in the moment before somebody else listens would end the process.
      socket.on('error', () => {});
      answer(response, { socket: socket as Socket, head });
    });
    outgoing.on('error', (cause) => {
      clearTimeout(timer);
      reject(new KubeError('Unreachable', `the ${name} API server cannot be reached`, { cause }));
    });
    outgoing.end();
  });
}
