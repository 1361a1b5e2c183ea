import fc from 'fast-check';

const size = 1_000_000;
const filled = (part: string, most = size) => part.repeat(Math.floor(most / part.length));
const credentials = fc.constantFrom('', 'Authorization: Bearer bad\r\n', 'Authorization: Bearer good\r\n');
const pod = '/default/web/main';

/** Lines as long as the server takes them, and longer. */
const lines = fc.constantFrom(
  `/exec${pod}?${filled('command=a&')}`,
  `/exec${pod}?${filled('command=%00%ff%e2%80%ae&')}`,
  `/containerLogs${pod}?${filled('&')}`,
  `/containerLogs${pod}?${filled('?')}`,
  `/containerLogs${pod}?${filled('a', size + 100_000)}`,
  `/containerLogs${pod}?${filled('+%')}`,
  `/portForward/default/web?${filled('port=1&')}`,
  filled('/'),
  `/exec/${filled('..%2f')}`,
  `/exec/${filled('a/')}`,
  `/exec/default/${filled('a.')}/main`,
  `/exec/default/${filled('a')}-/main`,
  `/exec/default/web/${filled('a-')}`,
  filled('%', size).replace(/^/, '/'),
);
const headers = fc.constantFrom(
  `X-A: ${filled('a')}\r\n`,
  filled('X-Stream-Protocol-Version: v4.channel.k8s.io\r\n'),
  `Sec-WebSocket-Protocol: ${filled('base64url.bearer.authorization.k8s.io.a,')}\r\n`,
  `Sec-WebSocket-Protocol: ${filled(' ')}a\r\n`,
  `Authorization: Bearer ${filled('a')}\r\n`,
  `Authorization: Bearer${filled(' ')}\r\n`,
  filled('A:\r\n'),
  filled('Cookie: a=b\r\n'),
  filled('Authorization: Bearer bad\r\n'),
  `Connection: ${filled('upgrade,')}\r\n`,
  `Upgrade: ${filled('websocket,')}\r\n`,
);
const upgrade = fc.constantFrom('', 'Connection: Upgrade\r\nUpgrade: SPDY/3.1\r\n');
const whole = (target: string, more: string, method = 'GET') =>
  `${method} ${target} HTTP/1.1\r\nHost: a\r\nUser-Agent: fuzz all 0\r\n${more}\r\n`;

/** Requests of a megabyte, as one may send without being known. */
export const giant: fc.Arbitrary<string> = fc.oneof(
  fc.tuple(lines, credentials, upgrade).map(([line, known, more]) => whole(line, known + more)),
  fc
    .tuple(headers, credentials, upgrade)
    .map(([header, known, more]) => whole(`/exec${pod}`, known + more + header)),
);

/** Many requests in one go, each with another token or with none, on a connection that waits for no answer. */
export const flood: fc.Arbitrary<string> = fc
  .record({
    count: fc.integer({ min: 100, max: 2_000 }),
    token: fc.boolean(),
    first: fc.nat(),
    ends: fc.boolean(),
  })
  .map(({ count, token, first, ends }) => {
    const one = (index: number) => whole('/pods', token ? `Authorization: Bearer ${first + index}\r\n` : '');
    const many = Array.from({ length: count }, (_, index) => one(index)).join('');
    return many + (ends ? whole(`/exec${pod}`, 'Connection: Upgrade\r\nUpgrade: websocket\r\n') : '');
  });
