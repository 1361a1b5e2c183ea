import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { describeError, KubeError } from '../kube/errors.ts';
import type { Logger } from '../kube/logger.ts';
import { rememberConnections } from '../serving/connections.ts';
import type { KeyPair } from '../serving/keys.ts';
import { secureOptions } from '../serving/secure-options.ts';
import { servingTimeouts } from '../serving/timeouts.ts';

export interface WebhookServerOptions {
  /** All addresses of the machine when undefined. */
  host: string | undefined;
  /** 0 picks a free one. */
  port: number;
  /** Who signs the certificates of callers, PEM; undefined asks for none. */
  clientCa: string | undefined;
  handle: (request: IncomingMessage, response: ServerResponse) => void;
  logger: Logger;
}

/** The HTTPS server; it has a certificate from the first `use` on. */
export interface WebhookServer {
  readonly port: number;
  /** Serves new connections with this certificate. @throws KubeError `Configuration` */
  use(pair: KeyPair): void;
  /** Takes no more requests, waits so many milliseconds for those under way, then ends every connection. */
  close(graceMilliseconds: number): Promise<void>;
}

const whose = 'the webhook';

/** API servers need a handful. */
const mostConnections = 256;

/** Starts to listen. @throws KubeError `Configuration` when the address is taken or a certificate is no good */
export async function startWebhookServer(
  options: WebhookServerOptions,
  first: KeyPair,
): Promise<WebhookServer> {
  const { host, port, clientCa, handle, logger } = options;
  const server = https.createServer({
    ...servingTimeouts,
    ...secureOptions(first, clientCa, whose),
    requestCert: clientCa !== undefined,
    // Probes have no certificate; who asks for a review is told why it is refused.
    rejectUnauthorized: false,
  });
  server.maxConnections = mostConnections;
  const endConnections = rememberConnections(server);
  server.on('request', handle);
  server.on('tlsClientError', (error, socket) => {
    logger.debug({ error: describeError(error) }, 'a TLS handshake with the webhook failed');
    socket.destroy();
  });
  server.listen({ port, ...(host === undefined ? {} : { host }) });
  try {
    await once(server, 'listening');
  } catch (error) {
    throw new KubeError('Configuration', `--port ${port}: ${describeError(error)}`);
  }
  server.on('error', (error) => logger.error({ error: describeError(error) }, 'the webhook port'));
  return {
    port: (server.address() as AddressInfo).port,
    use: (pair) => server.setSecureContext(secureOptions(pair, clientCa, whose)),
    async close(graceMilliseconds) {
      const closed = once(server, 'close');
      const timer = setTimeout(endConnections, graceMilliseconds);
      // Since Node 19 it also ends the connections that are idle.
      server.close();
      await closed;
      clearTimeout(timer);
    },
  };
}
