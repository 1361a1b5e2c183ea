import { once } from 'node:events';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import https from 'node:https';
import type { SecureContextOptions } from 'node:tls';
import { describeError, KubeError } from '../kube/errors.ts';
import type { Logger } from '../kube/logger.ts';
import { BodyRoom } from '../serving/body-room.ts';
import { rememberConnections } from '../serving/connections.ts';
import { readBody, type UnreadBody } from '../serving/read-body.ts';
import { servingTimeouts } from '../serving/timeouts.ts';
import type { Extender } from './extender.ts';
import { type ExtenderArgs, extenderArgs } from './extender-api.ts';

export interface ExtenderServerOptions {
  readonly host: string | undefined;
  readonly port: number;
  /** As of `secureOptions`; plain HTTP without. */
  readonly tls: SecureContextOptions | undefined;
  /** Whether callers must show a certificate that an authority of `tls.ca` has signed. */
  readonly verifiesClients: boolean;
  readonly extender: Extender;
  /** Why it is not ready, or undefined; for `/readyz`. */
  readonly unready: () => string | undefined;
  readonly logger: Logger;
}

/** The server that a kube-scheduler calls. */
export interface ExtenderServer {
  readonly port: number;
  /** Serves new connections with these from now on. */
  renew(tls: SecureContextOptions): void;
  close(): Promise<void>;
}

/** Starts to serve. @throws KubeError `Configuration` when the address is taken or is not ours */
export async function startExtenderServer(options: ExtenderServerOptions): Promise<ExtenderServer> {
  const { host, port, tls, verifiesClients, logger } = options;
  const room = new BodyRoom(mostOfAll);
  const listener = (request: IncomingMessage, response: ServerResponse) => {
    answer(options, room, request, response).catch((error: unknown) => {
      logger.error({ error: describeError(error) }, 'a call of a scheduler failed');
      send(response, 500, 'text/plain', 'internal error\n');
    });
  };
  const secured = tls && { ...servingTimeouts, ...tls, requestCert: verifiesClients };
  const secure = secured && https.createServer({ ...secured, rejectUnauthorized: verifiesClients }, listener);
  const server = secure ?? http.createServer(servingTimeouts, listener);
  server.maxConnections = mostConnections;
  const endConnections = rememberConnections(server);
  server.listen({ port, ...(host === undefined ? {} : { host }) });
  try {
    await once(server, 'listening');
  } catch (error) {
    throw new KubeError('Configuration', `--address, port ${port}: ${describeError(error)}`);
  }
  server.on('error', (error) => logger.error({ error: describeError(error) }, 'the server of the extender'));
  const bound = server.address();
  return {
    port: typeof bound === 'object' && bound ? bound.port : port,
    renew: (next) => secure?.setSecureContext(next),
    async close() {
      const closed = once(server, 'close');
      server.close();
      endConnections();
      await closed;
    },
  };
}

async function answer(
  { extender, unready }: ExtenderServerOptions,
  room: BodyRoom,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const [path = ''] = (request.url ?? '').split('?', 1);
  const verb = verbs[path];
  if (verb) {
    if (request.method !== 'POST') return refuse(response, 405, 'this path takes POST', { allow: 'POST' });
    const args = await readArgs(request, room);
    if ('problem' in args) {
      // The rest of a body that is too long is dropped as it comes: to close now would drop the answer, too.
      if (args.status === 408) response.shouldKeepAlive = false;
      return refuse(response, args.status, args.problem);
    }
    return send(response, 200, 'application/json', JSON.stringify(verb(extender, args)));
  }
  if (path === '/healthz') return send(response, 200, 'text/plain', 'ok\n');
  if (path !== '/readyz') return refuse(response, 404, 'there is /filter, /prioritize, /healthz, /readyz');
  const why = unready();
  return send(response, why ? 503 : 200, 'text/plain', `${why ?? 'ready'}\n`);
}

const verbs: Readonly<Record<string, (extender: Extender, args: ExtenderArgs) => unknown>> = {
  '/filter': (extender, args) => extender.filter(args),
  '/prioritize': (extender, args) => extender.prioritize(args),
};

/** A pod has at most 1.5 MB (etcd's limit), and 5,000 nodes have names. */
const mostBytes = 10 * 1_048_576;
/** Of all that come at once: a scheduler asks one thing at a time. */
const mostOfAll = 6 * mostBytes;
const mostConnections = 256;

/** What the scheduler asks, or why it cannot be understood. */
async function readArgs(request: IncomingMessage, room: BodyRoom): Promise<ExtenderArgs | UnreadBody> {
  const body = await readBody(request, { mostBytes, room });
  if (typeof body !== 'string') return body;
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return { status: 400, problem: 'the body is no JSON' };
  }
  const read = extenderArgs.safeParse(value);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  const place = issue?.path.join('.') || 'the body';
  const problem =
    place === 'NodeNames'
      ? 'NodeNames is missing: set nodeCacheCapable: true for this extender'
      : `${place} is missing or something else than in ExtenderArgs`;
  return { status: 400, problem };
}

function refuse(response: ServerResponse, code: number, message: string, headers: object = {}): void {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  send(response, code, 'text/plain', `${message}\n`);
}

function send(response: ServerResponse, code: number, type: string, body: string): void {
  if (response.headersSent) return void response.destroy();
  response.writeHead(code, { 'content-type': type, 'content-length': Buffer.byteLength(body) }).end(body);
}
