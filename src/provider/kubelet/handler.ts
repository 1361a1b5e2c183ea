import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { finished } from 'node:stream/promises';
import { describeError } from '../../kube/errors.ts';
import { parseKubeletUrl } from '../../translate/kubelet-request.ts';
import type { Access } from './access/access.ts';
import { refuse } from './answer.ts';
import type { Call, KubeletContext } from './call.ts';
import { finish } from './pipe.ts';
import { routes } from './routes.ts';
import type { Sessions } from './sessions.ts';

export interface HandlerOptions {
  /** Undefined lets everybody in. */
  access: Access | undefined;
  sessions: Sessions;
  context: KubeletContext;
}

/**
 * No client of a kubelet sends a request before the last was answered. One who does could ask for a review of thousands
 * of tokens at once, and node:http keeps every request that waits.
 */
const mostWaiting = 16;

/** Takes each request through the door and to its verb. */
export class Handler {
  readonly #options: HandlerOptions;
  /** How many requests of a connection have no answer yet. */
  readonly #waiting = new WeakMap<Socket, number>();

  constructor(options: HandlerOptions) {
    this.#options = options;
  }

  /** A request that stays within HTTP. */
  request(request: IncomingMessage, response: ServerResponse): void {
    response.on('error', () => {});
    request.on('error', () => {});
    const { socket } = request;
    const waiting = (this.#waiting.get(socket) ?? 0) + 1;
    if (waiting > mostWaiting) {
      socket.destroy();
      return;
    }
    this.#waiting.set(socket, waiting);
    // No verb reads a body. What comes after the answer is dropped with the connection.
    if (hasBody(request)) response.shouldKeepAlive = false;
    void this.#answer(request, response, undefined).finally(() =>
      this.#waiting.set(socket, (this.#waiting.get(socket) ?? 1) - 1),
    );
  }

  /**
   * A request that asks to leave HTTP. Node hands out the bare socket and forgets about it; a response is put on
   * it all the same, so that whatever does not become a stream is answered like any other request.
   */
  upgrade(request: IncomingMessage, socket: Socket, head: Buffer): void {
    socket.on('error', () => {});
    const response = new ServerResponse(request);
    response.shouldKeepAlive = false;
    response.on('error', () => {});
    try {
      response.assignSocket(socket);
    } catch {
      // An earlier request on this connection has no answer yet. Nobody means that, and it must not end the process.
      socket.destroy();
      return;
    }
    // As node:http does for its own: without it, whoever waits for the end of the response waits for the client.
    response.once('finish', () => {
      response.detachSocket(socket);
      response.emit('close');
      finish(socket);
    });
    void this.#answer(request, response, { socket, head });
  }

  async #answer(request: IncomingMessage, response: ServerResponse, upgrade: Call['upgrade']): Promise<void> {
    const { access, sessions, context } = this.#options;
    const session = sessions.begin();
    session.signal.addEventListener('abort', () => response.destroy(), { once: true });
    try {
      const url = parseKubeletUrl(request.url ?? '');
      const [verb, ...segments] = url?.segments ?? [];
      const route = routes.find(({ path }) => path === verb);
      const refusal = await access?.check(request, route);
      const call = {
        request,
        response,
        upgrade,
        segments,
        query: url?.query ?? new URLSearchParams(),
        session,
      };
      if (refusal) refuse(call, refusal.code, refusal.message);
      else if (!url) refuse(call, 400, 'the path cannot be read');
      else if (!route) refuse(call, 404, 'this node does not serve that path');
      else if (!Object.hasOwn(route.methods, request.method ?? ''))
        notAllowed(call, Object.keys(route.methods));
      else await route.serve(call, context);
    } catch (error) {
      context.logger.error({ error: describeError(error) }, 'a request to the kubelet port failed');
      refuse({ response, upgrade }, 500, 'internal error');
    }
    // After a stream there is no response any more; everything else ends with its last byte.
    if (response.socket) await finished(response).catch(() => {});
    session.end();
  }
}

function notAllowed(call: Call, methods: string[]): void {
  call.response.setHeader('allow', methods.join(', '));
  refuse(call, 405, `this path takes ${methods.join(' or ')}`);
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}
