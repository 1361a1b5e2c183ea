import { constants } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { describeError, KubeError } from '../kube/errors.ts';
import type { Logger } from '../kube/logger.ts';
import type { KeyPair } from '../serving/keys.ts';
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

/** Each may hold a body in memory; API servers need a handful. */
const mostConnections = 256;

/** Starts to listen. @throws KubeError `Configuration` when the address is taken or a certificate is no good */
export async function startWebhookServer(
  options: WebhookServerOptions,
  first: KeyPair,
): Promise<WebhookServer> {
  const { host, port, clientCa, handle, logger } = options;
  const server = https.createServer({
    ...servingTimeouts,
    ...secureOptions(first, clientCa),
    requestCert: clientCa !== undefined,
    // Probes have no certificate; who asks for a review is told why it is refused.
    rejectUnauthorized: false,
  });
  server.maxConnections = mostConnections;
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
    use: (pair) => server.setSecureContext(secureOptions(pair, clientCa)),
    async close(graceMilliseconds) {
      const closed = once(server, 'close');
      const timer = setTimeout(() => server.closeAllConnections(), graceMilliseconds);
      // Since Node 19 it also ends the connections that are idle.
      server.close();
      await closed;
      clearTimeout(timer);
    },
  };
}

/** Sessions are not resumed, for a resumed one brings along the verdict of a client CA that may have been replaced. */
function secureOptions({ cert, key }: KeyPair, clientCa: string | undefined): SecureContextOptions {
  const options: SecureContextOptions = {
    cert,
    key,
    ca: clientCa === undefined ? [] : [clientCa],
    minVersion: 'TLSv1.2',
    secureOptions: constants.SSL_OP_NO_TICKET,
  };
  try {
    createSecureContext(options);
  } catch (error) {
    throw new KubeError('Configuration', `the certificate of the webhook: ${describeError(error)}`);
  }
  return options;
}
