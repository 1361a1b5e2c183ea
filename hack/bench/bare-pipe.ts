import { readFileSync } from 'node:fs';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { loadConnection } from '../../src/kube/connection.ts';
import {
  containerTarget,
  lowerLogPath,
  lowerStreamPath,
  parseKubeletUrl,
} from '../../src/translate/kubelet-request.ts';

/**
 * The floor of the kubelet port: a TLS server that turns the first line of a connection into that of the lower API server
 * and joins the two sockets. It asks nobody who calls, understands no answer, and serves one request a connection. Whatever
 * pod is asked for, it is the one named.
 *
 * @example node bare-pipe.js LOWER_KUBECONFIG NAMESPACE POD
 */
const [lowerFile = '', namespace = '', pod = ''] = process.argv.slice(2);
const { KUBELET_PORT, APISERVER_CERT_LOCATION = '', APISERVER_KEY_LOCATION = '' } = process.env;
const { server, credentials } = loadConnection('lower', lowerFile);
const end = '\r\n\r\n';

async function join(above: TLSSocket, first: Buffer): Promise<void> {
  const length = first.indexOf(end);
  const [line = '', ...lines] = first.subarray(0, length).toString('latin1').split('\r\n');
  const [method, target = ''] = line.split(' ');
  const { segments, query } = parseKubeletUrl(target) ?? { segments: [], query: new URLSearchParams() };
  const [verb, , , ...rest] = segments;
  const container = containerTarget([namespace, pod, rest.at(-1) ?? '']);
  if (!container) throw new Error(`cannot read ${target}`);
  const path =
    verb === 'containerLogs' ? lowerLogPath(container, query) : lowerStreamPath('exec', container, query);
  const { tls, headers } = await credentials();
  const kept = lines.filter((header) => /^(upgrade|x-stream-protocol-version):/i.test(header));
  const connection = kept.length > 0 ? 'Upgrade' : 'close';
  const own = Object.entries({ ...headers, Host: server.host, Connection: connection });
  const head = [`${method} ${path} HTTP/1.1`, ...own.map(([name, value]) => `${name}: ${value}`), ...kept];
  const below = connect({
    ...{ ...tls, host: server.hostname, port: Number(server.port) },
    // Passed on to net.connect.
    ...{ allowHalfOpen: true },
  });
  for (const [one, other] of [
    [above, below],
    [below, above],
  ] as const) {
    one.setNoDelay(true);
    one.on('error', () => other.destroy());
    one.on('close', () => other.destroySoon());
  }
  below.write(head.join('\r\n') + end);
  below.write(first.subarray(length + end.length));
  above.pipe(below).pipe(above);
}

createServer(
  {
    cert: readFileSync(APISERVER_CERT_LOCATION),
    key: readFileSync(APISERVER_KEY_LOCATION),
    allowHalfOpen: true,
  },
  (above) => above.once('data', (first) => void join(above, first).catch(() => above.destroy())),
).listen(Number(KUBELET_PORT), () => console.log('listens'));
process.on('SIGTERM', () => process.exit());
