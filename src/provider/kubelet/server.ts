import { once } from 'node:events';
import https from 'node:https';
import type { Socket } from 'node:net';
import { getDefaultHighWaterMark, setDefaultHighWaterMark } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { describeError, KubeError } from '../../kube/errors.ts';
import { rememberConnections } from '../../serving/connections.ts';
import { Access } from './access/access.ts';
import { Handler } from './handler.ts';
import type { KubeletServer, KubeletServerOptions } from './options.ts';
import { Sessions } from './sessions.ts';
import { keepSigned } from './tls/signed-certificate.ts';
import { TlsKeeper } from './tls/tls-keeper.ts';
import { createUsageFigures } from './usage/usage-figures.ts';

export type { KubeletServer, KubeletServerOptions } from './options.ts';

const kubeletIdleTimeout = 4 * 3_600_000;
/** Go's clients keep an idle connection for 90 s; whoever closes first must not be us, or calls fail at random. */
const keepAliveTimeout = 120_000;
/**
 * So much of a stream may wait in this process, in bytes: what Node 22 takes. With Node 20's quarter of it a pipe stops and
 * starts with each TLS record, which took a fifth more of CPU for the same log.
 */
const bufferSize = 65_536;
const serverOptions = {
  keepAliveTimeout,
  headersTimeout: keepAliveTimeout + 5_000,
  handshakeTimeout: 10_000,
  // The kubelet's bound: the words of an exec's command travel in the first line.
  maxHeaderSize: 1_048_576,
  // Passed on to net.Server, so that the end of one direction of a stream is not the end of both.
  allowHalfOpen: true,
  keepAlive: true,
  noDelay: true,
};

/**
 * Serves the kubelet API of a virtual node: every request is authenticated and authorized by the upper cluster,
 * then answered by the lower one.
 *
 * @throws KubeError `Configuration` when the port is taken or a given file is no good
 */
export async function startKubeletServer(options: KubeletServerOptions): Promise<KubeletServer> {
  // The size that a TLS socket takes for writing cannot be told it in any other way.
  if (getDefaultHighWaterMark(false) < bufferSize) setDefaultHighWaterMark(false, bufferSize);
  const keeper = new TlsKeeper(options);
  const sessions = new Sessions();
  let { options: tls, clientCa } = await keeper.load();
  /** Of each connection, the client CA that its certificate was held against. */
  const verifiedBy = new WeakMap<TLSSocket, string | undefined>();

  const access = new Access({
    ...options,
    verifiesCertificate: (socket) => clientCa !== undefined && verifiedBy.get(socket) === clientCa,
  });
  const handler = new Handler({
    access: options.verifyClients ? access : undefined,
    sessions,
    context: {
      findPod: options.findPod,
      listPods: options.listPods,
      usage: createUsageFigures({ ...options, lower: options.lower.transport }),
      lower: options.lower.transport,
      idleTimeout: options.idleTimeout ?? kubeletIdleTimeout,
      logger: options.logger,
    },
  });
  const server = https.createServer({
    ...serverOptions,
    ...tls,
    requestCert: options.verifyClients,
    rejectUnauthorized: false,
  });
  const endConnections = rememberConnections(server);
  server.on('secureConnection', (socket) => verifiedBy.set(socket, clientCa));
  server.on('tlsClientError', (error, socket) => {
    options.logger.debug({ error: describeError(error) }, 'a TLS handshake with the kubelet port failed');
    socket.destroy();
  });
  server.on('request', (request, response) => handler.request(request, response));
  server.on('upgrade', (request, socket, head) => handler.upgrade(request, socket as Socket, head));

  await listen(server, options);
  server.on('error', (error) => options.logger.error({ error: describeError(error) }, 'the kubelet port'));
  keeper.follow((state) => {
    ({ options: tls, clientCa } = state);
    server.setSecureContext(tls);
    // The next request makes a new connection, with a certificate that the CA of now has seen.
    server.closeIdleConnections();
  }, options.refreshPeriod);

  const closing = new AbortController();
  if (options.requestCertificate && !options.certificate)
    void keepSigned({ ...options, onIssued: (pair) => keeper.use(pair) }, closing.signal);

  return {
    port: portOf(server),
    get sessions() {
      return sessions.size;
    },
    async close(graceMilliseconds) {
      closing.abort();
      keeper.stop();
      const closed = server.listening ? once(server, 'close') : undefined;
      server.close();
      await sessions.drain(graceMilliseconds);
      endConnections();
      await closed;
    },
  };
}

async function listen(server: https.Server, options: KubeletServerOptions): Promise<void> {
  const { host, port, otherPorts = 0 } = options;
  server.listen({ port, ...(host === undefined ? {} : { host }) });
  try {
    await once(server, 'listening');
  } catch (error) {
    const isTaken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
    if (isTaken && otherPorts > 0)
      return listen(server, { ...options, port: port + 1, otherPorts: otherPorts - 1 });
    throw new KubeError('Configuration', `the kubelet port ${port}: ${describeError(error)}`);
  }
}

function portOf(server: https.Server): number {
  const address = server.address();
  return typeof address === 'object' && address ? address.port : 0;
}
