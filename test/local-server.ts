import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Connection, Credentials } from '../src/kube/connection.ts';

/** A plain server for what a real API server cannot be made to say on demand. */
export interface LocalServer {
  readonly url: URL;
  /** The requests that came, as `METHOD path?query`. */
  readonly requests: string[];
  /** How many connections were made. */
  readonly connections: number;
  /** Cuts every connection, as a lost network or a killed server does. */
  cut(): void;
  close(): Promise<void>;
}

/** Starts a server on loopback that answers as told. */
export async function startServer(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<LocalServer> {
  const requests: string[] = [];
  let connections = 0;
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    answer(request, response);
  });
  server.on('connection', () => {
    connections += 1;
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: new URL(`http://127.0.0.1:${port}`),
    requests,
    get connections() {
      return connections;
    },
    cut: () => server.closeAllConnections(),
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

/** A connection to such a server, with credentials that a test may change. */
export function connectionTo(
  server: URL,
  credentials: (renew?: boolean) => Promise<Credentials> = async () => ({ tls: {}, headers: {} }),
): Connection {
  return { name: 'lower', server, proxyUrl: undefined, credentials };
}

/** Answers with JSON. */
export function sendJson(response: ServerResponse, status: number, body: unknown, headers = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}
