import fc from 'fast-check';
import { hostileText } from '../parts/hostile-values.ts';
import type { Certificate } from './ground.ts';
import type { Right } from './lower.ts';

/** One request with hostile parts, each within the bounds of HTTP. */
export interface HostileRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: readonly string[];
  readonly certificate: Certificate;
  readonly right: Right;
  readonly behind: string;
}

const verbs = [
  'containerLogs',
  'exec',
  'attach',
  'portForward',
  'pods',
  'runningpods',
  'stats',
  'metrics',
  'healthz',
];
const encoded = (text: string) => encodeURIComponent(text.replace(/[\ud800-\udfff]/g, '\ufffd'));
/** What may stand between two slashes, as it travels. */
const segment = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.constantFrom('default', 'web', 'db', 'main', 'uid-web', 'other', 'kube-system'),
  },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      '..',
      '.',
      '',
      '%2e%2e',
      '..%2f..',
      '%2F',
      '%252e%252e',
      '%00',
      'web%00',
      'web%20',
      'web%0d%0aHost:b',
      '%zz',
      '%c0%ae',
      '%',
      'WEB',
      'web;a=b',
      'web%3fa',
      'web%23',
      '*',
      '__proto__',
      'web\\..',
      '@',
      ':',
    ),
  },
  { weight: 2, arbitrary: hostileText.map((text) => encoded(text).slice(0, 300)) },
);
const goodTarget = fc
  .tuple(
    fc.constantFrom('containerLogs', 'exec', 'attach', 'portForward'),
    fc.constantFrom('web', 'db'),
    fc.boolean(),
  )
  .map(
    ([verb, pod, hasUid]) =>
      `/${verb}/default/${pod}${hasUid ? `/uid-${pod}` : ''}${verb === 'portForward' ? '' : '/main'}`,
  );
const path = fc.oneof(
  { weight: 9, arbitrary: goodTarget },
  {
    weight: 4,
    arbitrary: fc
      .tuple(fc.constantFrom(...verbs), fc.array(segment, { maxLength: 6 }))
      .map(([verb, rest]) => `/${[verb, ...rest].join('/')}`),
  },
  { weight: 2, arbitrary: fc.tuple(goodTarget, segment).map(([target, more]) => `${target}/${more}`) },
  { weight: 1, arbitrary: fc.tuple(segment, goodTarget).map(([more, target]) => `/${more}${target}`) },
  { weight: 1, arbitrary: goodTarget.map((target) => `http://other.example${target}`) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '*',
      '//',
      '/api/v1/namespaces',
      '/%2fexec/default/web/main',
      '/Exec/default/web/main',
    ),
  },
);
const parameter = fc.oneof(
  fc.constantFrom(
    'command=sh',
    'command=-c',
    'command=',
    'input=1',
    'output=true',
    'error=TRUE',
    'tty=1',
    'follow=true',
    'tailLines=-1',
    'sinceTime=never',
    'limitBytes=9e99',
    'container=other',
    'port=80',
    'ports=22',
    'port=-1',
    '&&',
    '=',
    '%',
    'a=%zz',
    '__proto__=1',
    'command=%26container%3Dother',
    '?',
    'follow=1#',
  ),
  fc
    .tuple(hostileText, hostileText)
    .map(([name, value]) => `${encoded(name)}=${encoded(value)}`.slice(0, 2_000)),
);
const query = fc.array(parameter, { maxLength: 8 }).map((all) => (all.length > 0 ? `?${all.join('&')}` : ''));

/** Names that programs in front of an API server put in, and that nobody else may. */
const header = fc.oneof(
  fc.constantFrom(
    'X-Remote-User: admin',
    'X-Remote-Group: system:masters',
    'X-Remote-Extra-a: b',
    'Impersonate-User: admin',
    'Impersonate-Group: system:masters',
    'Impersonate-Uid: 1',
    'X-Forwarded-For: 127.0.0.1',
    'X-Forwarded-Client-Cert: Subject="CN=jo"',
    'X-Original-URL: /healthz',
    'X-HTTP-Method-Override: GET',
    'Cookie: a=b',
    'Proxy-Authorization: Bearer good',
    'Sec-WebSocket-Protocol: base64url.bearer.authorization.k8s.io.Z29vZA, v5.channel.k8s.io',
    'Sec-WebSocket-Protocol: v4.channel.k8s.io,  base64url.bearer.authorization.k8s.io.Z29vZA',
    'Sec-WebSocket-Key: x',
    'Sec-WebSocket-Version: 13',
    'X-Stream-Protocol-Version: v4.channel.k8s.io',
    'X-Stream-Protocol-Version: v3.channel.k8s.io',
    'Expect: 100-continue',
    'Expect: 200-ok',
    'Accept-Encoding: gzip',
    'Range: bytes=0-',
    'Host: b',
    '__proto__: a',
    'Connection: keep-alive',
    'Content-Length: 0',
    'Trailer: Authorization',
  ),
  fc
    .tuple(
      fc.constantFrom(
        'X-A',
        'User-Agent',
        'Origin',
        'Accept',
        'X-Stream-Protocol-Version',
        'Sec-WebSocket-Protocol',
      ),
      fc.string({ maxLength: 60 }),
    )
    .map(([name, value]) => `${name}: ${value}`),
);
const upgrade = fc.constantFrom<readonly string[]>(
  [],
  [],
  ['Connection: Upgrade', 'Upgrade: SPDY/3.1'],
  ['Connection: Upgrade', 'Upgrade: websocket'],
  ['Connection: Upgrade', 'Upgrade: SPDY/3.1'],
  ['Connection: Upgrade', 'Upgrade: websocket'],
  ['Connection: upgrade, keep-alive', 'Upgrade: WebSocket'],
  ['Connection: Upgrade', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__'],
  ['Connection: Upgrade', 'Upgrade: SPDY/3.1, websocket'],
  ['Connection: Upgrade', 'Upgrade: '],
  ['Upgrade: SPDY/3.1'],
  ['Connection: Upgrade'],
);

type Caller = readonly [Right, Certificate, readonly string[]];

/** Credentials, and what they are good for. */
const unknown = fc.constantFrom<Caller>(
  ['nothing', 'none', []],
  ['nothing', 'none', ['Authorization: Bearer bad']],
  ['nothing', 'none', ['Authorization: Bearer good bad']],
  ['nothing', 'none', ['Authorization: Bearer\tgood']],
  ['nothing', 'none', ['Authorization: Basic Z29vZDpnb29k']],
  ['nothing', 'none', ['Authorization: bad', 'Authorization: Bearer good']],
  ['nothing', 'none', [`Authorization: Bearer ${'good'.repeat(5_000)}`]],
  ['nothing', 'none', ['Authorization: Bearer __proto__']],
  ['nothing', 'stranger', []],
  ['nothing', 'stranger', ['Authorization: Bearer toString']],
);
const known = fc.constantFrom<Caller>(
  ['read', 'none', ['Authorization: Bearer reader']],
  ['read', 'stranger', ['Authorization: bearer   reader']],
  ['all', 'none', ['Authorization: Bearer good']],
  ['all', 'good', []],
  ['all', 'good', ['Authorization: Bearer bad']],
);
const caller = fc.oneof({ weight: 1, arbitrary: unknown }, { weight: 3, arbitrary: known });

/** Requests of all callers to all paths. */
export const hostileRequest: fc.Arbitrary<HostileRequest> = fc
  .record({
    method: fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom('GET', 'POST') },
      {
        weight: 1,
        arbitrary: fc.constantFrom('HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND'),
      },
    ),
    path,
    query,
    headers: fc.array(header, { maxLength: 5 }),
    upgrade,
    caller,
    behind: fc.constantFrom(
      '',
      '',
      '',
      '\x80\x03\x00\x01',
      '\0'.repeat(100),
      'GET /pods HTTP/1.1\r\nHost: a\r\n\r\n',
    ),
  })
  .map(({ path, query, headers, upgrade, caller: [right, certificate, credentials], behind, method }) => ({
    method,
    target: path + query,
    headers: [...credentials, ...headers, ...upgrade],
    certificate,
    right,
    behind: upgrade.length > 0 ? behind : '',
  }));

/** The request as it travels. */
export function bytesOf({ method, target, headers, right, behind }: HostileRequest, index: number): string {
  const first = ['Host: kubelet', `User-Agent: fuzz ${right} ${index}`];
  return `${method} ${target} HTTP/1.1\r\n${[...first, ...headers].join('\r\n')}\r\n\r\n${behind}`;
}
