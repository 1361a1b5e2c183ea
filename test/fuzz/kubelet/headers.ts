import fc from 'fast-check';

/** Names that programs in front of an API server put in, and that nobody else may. */
export const header = fc.oneof(
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
/** What asks to leave HTTP, rightly or not. */
export const upgrade = fc.constantFrom<readonly string[]>(
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
