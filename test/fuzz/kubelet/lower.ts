import http, { type IncomingMessage } from 'node:http';
import { listen } from '../../../src/provider/kubelet/test-servers.ts';

/** What a caller may do by its credentials, as its User-Agent says it. */
export type Right = 'all' | 'read' | 'nothing';

/** The lower API server: it counts who comes, and finds fault with whoever should not have come. */
export interface CountingLower {
  readonly url: URL;
  readonly arrived: number;
  /** What should not have arrived, or not so. */
  readonly faults: readonly string[];
}

/** Our credentials there. */
export const ours = 'Bearer of-lower';

const ourPods =
  /^\/api\/v1\/namespaces\/default\/pods\/(web|db)\/(log|exec|attach|portforward)(\?[\x21-\x7e]*)?$/;
const ofTheCaller = /^(cookie|impersonate-.*|x-remote-.*|x-forwarded-.*|proxy-authorization)$/;

/** Starts to listen; it answers by turns with a log, a stream, and refusals. */
export async function startLower(): Promise<CountingLower> {
  const faults: string[] = [];
  let arrived = 0;
  const note = (request: IncomingMessage) => {
    arrived += 1;
    faults.push(...faultsOf(request));
    return arrived;
  };
  const server = http.createServer((request, response) => {
    const turn = note(request);
    response.writeHead(turn % 5 === 0 ? 404 : turn % 17 === 0 ? 401 : 200, { 'content-type': 'text/plain' });
    response.end(turn % 3 === 0 ? `${'line\n'.repeat(turn % 2_000)}` : 'log');
  });
  server.on('upgrade', (request, socket) => {
    const turn = note(request);
    socket.on('error', () => {});
    if (turn % 4 === 0) socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno');
    else {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: SPDY/3.1\r\nConnection: Upgrade\r\n\r\n');
      socket.pipe(socket);
    }
  });
  return {
    url: new URL('/k8s/', await listen(server)),
    faults,
    get arrived() {
      return arrived;
    },
  };
}

function faultsOf({ url = '', headers, method }: IncomingMessage): string[] {
  const path = url.replace(/^\/k8s/, '');
  const right = /^fuzz (all|read) /.exec(headers['user-agent'] ?? '')?.[1];
  const said = `${method} ${url.slice(0, 300)} of "${headers['user-agent']}"`;
  const faults: string[] = [];
  const [, , verb] = ourPods.exec(path) ?? [];
  if (verb === undefined) faults.push(`no pod of ours: ${said}`);
  if (right === undefined || (right === 'read' && verb !== 'log')) faults.push(`not authorized: ${said}`);
  if (headers.authorization !== ours) faults.push(`credentials of the caller: ${said}`);
  if (/bearer\.authorization/i.test(headers['sec-websocket-protocol'] ?? '')) faults.push(`a token: ${said}`);
  const passed = Object.keys(headers).filter((name) => ofTheCaller.test(name));
  if (passed.length > 0) faults.push(`${passed.join(', ')}: ${said}`);
  return faults;
}
