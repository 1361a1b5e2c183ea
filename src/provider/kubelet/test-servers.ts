import { once } from 'node:events';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { pino } from 'pino';
import { Client } from '../../kube/client.ts';
import type { Connection } from '../../kube/connection.ts';
import { Transport } from '../../kube/transport.ts';
import { type KubeletServer, type KubeletServerOptions, startKubeletServer } from './server.ts';

/** An upper API server, as far as a kubelet asks it. Change the fields to change its mind. */
export interface FakeUpper {
  client: Client;
  server: http.Server;
  /** What was asked, in order: the review's spec. */
  tokens: { token: string }[];
  attempts: { user: string; groups: string[]; resourceAttributes: Record<string, string> }[];
  clientCa: string | undefined;
  /** By token. */
  users: Record<string, { username: string; groups?: string[] }>;
  allows: (attempt: FakeUpper['attempts'][number]) => boolean;
}

const toClose: (() => Promise<unknown>)[] = [];

/** Ends whatever the functions below have started. */
export async function closeAll(): Promise<void> {
  for (const close of toClose.splice(0).reverse()) await close();
}

/** A client of a server on this machine, with these headers for credentials. */
export function clientOf(server: URL, name: string, headers: Record<string, string> = {}): Client {
  const connection: Connection = {
    name,
    server,
    proxyUrl: undefined,
    credentials: async () => ({ tls: { rejectUnauthorized: false }, headers }),
  };
  const transport = new Transport(connection);
  toClose.push(() => transport.close());
  return new Client(transport);
}

/** Listens on a free port of this machine and answers with its URL. */
export async function listen(server: Server): Promise<URL> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  toClose.push(async () => {
    if (server instanceof http.Server || server instanceof https.Server) server.closeAllConnections();
    server.close();
  });
  const scheme = server instanceof https.Server ? 'https' : 'http';
  return new URL(`${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`);
}

export async function fakeUpper(clientCa: string | undefined): Promise<FakeUpper> {
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const body = JSON.parse((await textOf(request)) || '{}');
    let result: object = { kind: 'Status', message: 'not found', code: 404 };
    if (request.url?.endsWith('/tokenreviews')) {
      upper.tokens.push(body.spec);
      const user = upper.users[body.spec.token];
      result = { status: user ? { authenticated: true, user } : {} };
    } else if (request.url?.endsWith('/subjectaccessreviews')) {
      upper.attempts.push(body.spec);
      result = { status: { allowed: upper.allows(body.spec) } };
    } else if (upper.clientCa !== undefined) result = { data: { 'client-ca-file': upper.clientCa } };
    response.writeHead('code' in result ? 404 : 200).end(JSON.stringify(result));
  };
  const server = http.createServer((request, response) => void answer(request, response));
  const client = clientOf(await listen(server), 'upper');
  const upper: FakeUpper = {
    client,
    server,
    tokens: [],
    attempts: [],
    clientCa,
    users: {},
    allows: () => true,
  };
  return upper;
}

/** A kubelet server with one pod, `default/web`. */
export async function startServer(
  options: Partial<KubeletServerOptions> & Pick<KubeletServerOptions, 'upper' | 'lower'>,
): Promise<KubeletServer> {
  const server = await startKubeletServer({
    nodeName: 'vk',
    host: '127.0.0.1',
    port: 0,
    findPod: (namespace, name) =>
      `${namespace}/${name}` === 'default/web' ? { metadata: { name } } : undefined,
    listPods: () => [],
    certificate: undefined,
    addresses: ['127.0.0.1'],
    clientCaFile: undefined,
    verifyClients: true,
    logger: pino({ level: 'silent' }),
    ...options,
  });
  toClose.push(() => server.close(0));
  return server;
}

export interface Answer {
  status: number | undefined;
  body: string;
  headers: http.IncomingHttpHeaders;
}

/** One request to a kubelet server, on a connection of its own unless an agent is given. */
export async function ask(
  { port }: { port: number },
  path: string,
  options: https.RequestOptions = {},
): Promise<Answer> {
  const request = https.request({
    host: '127.0.0.1',
    port,
    path,
    rejectUnauthorized: false,
    agent: false,
    ...options,
  });
  request.end();
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return { status: response.statusCode, body: await textOf(response), headers: response.headers };
}

/** All of a body. */
async function textOf(stream: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of stream.setEncoding('utf8')) text += chunk;
  return text;
}
