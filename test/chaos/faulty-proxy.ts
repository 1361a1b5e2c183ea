import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Agent, createServer, request } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { connect } from 'node:tls';
import type { KeyPair } from '../../hack/clusters/certificates.ts';
import { readKubeconfig } from '../../hack/clusters/kubeconfig.ts';
import type { LocalCluster } from '../../hack/clusters/open.ts';
import type { Random } from './random.ts';

/** An answer in the place of the API server's. */
export interface Refusal {
  readonly status: number;
  readonly reason: string;
  readonly retryAfter?: number;
  /** Reads are never answered so. */
  readonly writesOnly?: boolean;
}

/** An HTTPS server before an API server, with the API server's own certificate. */
export interface FaultyProxy {
  readonly port: number;
  /** How many calls it has refused, of those that it might have. */
  readonly refused: number;
  readonly seen: number;
  /** From now on it refuses this share of the calls. */
  refuse(share: number, refusal: Refusal): void;
  close(): Promise<void>;
}

/** Starts it on loopback. Bearer tokens go on to the API server; client certificates cannot. */
export async function startFaultyProxy(
  cluster: LocalCluster,
  serving: KeyPair,
  random: Random,
): Promise<FaultyProxy> {
  const access = readKubeconfig(cluster.kubeconfig);
  const { hostname, port } = new URL(access.server);
  const trust = { ca: readFileSync(cluster.clientCaFile, 'utf8') };
  const agent = new Agent({ keepAlive: true, ...trust });
  const sockets = new Set<Socket>();
  let [share, refused, seen] = [0, 0, 0];
  let refusal: Refusal = { status: 500, reason: 'InternalError' };
  const server = createServer({ cert: serving.certificate, key: serving.key }, (call, answer) => {
    const mayRefuse = !(refusal.writesOnly && call.method === 'GET');
    if (mayRefuse) seen += 1;
    if (random.next() < share && mayRefuse) {
      refused += 1;
      call.resume();
      return refuseCall(answer, refusal);
    }
    passOn(call, answer);
  });
  const passOn = (call: IncomingMessage, answer: ServerResponse) => {
    const { method, url, headers } = call;
    const onward = request({ hostname, port, agent, method, path: url, headers }, (response) => {
      answer.writeHead(response.statusCode ?? 502, response.headers);
      answer.flushHeaders();
      response.pipe(answer);
      response.on('error', () => answer.destroy());
    });
    onward.on('error', () => answer.destroy());
    answer.on('close', () => onward.destroy());
    call.pipe(onward);
  };
  // The streams of kubectl exec: what follows the request is passed on as it is.
  server.on('upgrade', (call: IncomingMessage, near: Socket, head: Buffer) => {
    const far = connect({ host: hostname, port: Number(port), ...trust }, () => {
      const lines = call.rawHeaders.flatMap((name, index, all) =>
        index % 2 === 0 ? [`${name}: ${all[index + 1]}`] : [],
      );
      far.write(`${call.method} ${call.url} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
      far.write(head);
      near.pipe(far).pipe(near);
    });
    far.on('error', () => near.destroy()).on('close', () => near.destroy());
    near.on('error', () => far.destroy()).on('close', () => far.destroy());
  });
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => {});
  });
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    get refused() {
      return refused;
    },
    get seen() {
      return seen;
    },
    refuse(nextShare, next) {
      [share, refusal] = [nextShare, next];
    },
    async close() {
      server.close();
      for (const socket of sockets) socket.destroy();
      agent.destroy();
      await once(server, 'close');
    },
  };
}

function refuseCall(answer: ServerResponse, { status, reason, retryAfter }: Refusal): void {
  const headers = {
    'content-type': 'application/json',
    ...(retryAfter !== undefined && { 'retry-after': String(retryAfter) }),
  };
  const body = {
    kind: 'Status',
    apiVersion: 'v1',
    status: 'Failure',
    reason,
    code: status,
    message: 'chaos',
  };
  answer.writeHead(status, headers).end(JSON.stringify(body));
}
