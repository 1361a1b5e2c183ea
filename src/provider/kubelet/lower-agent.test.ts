import https from 'node:https';
import type { TLSSocket } from 'node:tls';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Credentials } from '../../kube/connection.ts';
import { Transport } from '../../kube/transport.ts';
import { dialLower } from './dial-lower.ts';
import { closeAll, listen } from './test-servers.ts';
import { TestAuthority } from './tls/test-authority.ts';

let authority: TestAuthority;
let server: URL;
let tls: Credentials['tls'];
/** Of each connection that the lower API server got, whether its TLS session was known. */
let resumed: boolean[];

beforeEach(async () => {
  authority = await TestAuthority.create('lower');
  resumed = [];
  const pair = await authority.issue({ commonNames: ['api'], usage: 'server' });
  const lower = https.createServer(pair, (_request, response) => response.end('log'));
  lower.on('secureConnection', (socket: TLSSocket) => resumed.push(socket.isSessionReused()));
  server = await listen(lower);
  tls = { ca: authority.cert };
});
afterEach(closeAll);

function transportTo(url: URL): Transport {
  const credentials = async () => ({ tls: { ...tls }, headers: {} });
  return new Transport({ name: 'lower', server: url, proxyUrl: undefined, credentials });
}

async function dial(transport: Transport): Promise<void> {
  const signal = new AbortController().signal;
  const { response } = await dialLower(transport, { method: 'GET', path: '/', headers: {}, signal });
  for await (const _ of response);
}

it('a connection to a lower cluster takes up the session of the one before it', async () => {
  const transport = transportTo(server);
  await dial(transport);
  await dial(transport);
  await Promise.all([dial(transport), dial(transport)]);
  expect(resumed).toEqual([false, true, true, true]);
});

it('no session is taken over to other credentials', async () => {
  const transport = transportTo(server);
  await dial(transport);
  tls = { ...tls, ca: (await TestAuthority.create('another')).cert };
  transport.renewCredentials();
  await expect(dial(transport)).rejects.toThrow('cannot be reached');
});

it('two clusters share nothing', async () => {
  await dial(transportTo(server));
  await dial(transportTo(server));
  expect(resumed).toEqual([false, false]);
});
