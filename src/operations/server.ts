import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { describeError, KubeError } from '../kube/errors.ts';
import type { Logger } from '../kube/logger.ts';
import type { ListenAddress } from './address.ts';
import { answerText } from './answer.ts';
import { type OperationsSources, operationsRoutes, type Serve } from './routes.ts';

export interface OperationsServerOptions extends OperationsSources {
  address: ListenAddress;
  logger: Logger;
}

/** Metrics, health and profiles of this process, over plain HTTP. */
export interface OperationsServer {
  readonly port: number;
  /** Ends every connection. */
  close(): Promise<void>;
}

/** A scraper or two, probes, and a person: whoever opens more means no good. */
const mostConnections = 64;

/**
 * Starts to serve.
 *
 * @throws KubeError `Configuration` when the address is taken or is not ours
 */
export async function startOperationsServer(options: OperationsServerOptions): Promise<OperationsServer> {
  const { address, logger } = options;
  const routes = operationsRoutes(options);
  const server = createServer((request, response) => {
    handle(routes, request, response).catch((error: unknown) => {
      logger.error({ error: describeError(error) }, 'an answer of the operations server failed');
      response.destroy();
    });
  });
  server.maxConnections = mostConnections;
  await listen(server, address);
  server.on('error', (error) => logger.error({ error: describeError(error) }, 'the operations server'));
  const bound = server.address();
  return {
    port: typeof bound === 'object' && bound ? bound.port : address.port,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function handle(
  routes: ReadonlyMap<string, Serve>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const [path = '', query = ''] = (request.url ?? '').split('?', 2);
  const serve = routes.get(path);
  if (!serve) {
    answerText(response, 404, `there is ${[...routes.keys()].join(', ')}`);
  } else if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD');
    answerText(response, 405, 'this path takes GET');
  } else {
    await serve(request, response, new URLSearchParams(query));
  }
}

async function listen(server: Server, { host, port }: ListenAddress): Promise<void> {
  server.listen({ port, ...(host === undefined ? {} : { host }) });
  try {
    await once(server, 'listening');
  } catch (error) {
    throw new KubeError('Configuration', `--metrics-addr, port ${port}: ${describeError(error)}`);
  }
}
