import fc from 'fast-check';

/** A request with a body, as it travels. */
export function post(path: string, body: string, headers: readonly string[] = [], method = 'POST'): Buffer {
  const bytes = Buffer.from(body);
  const lines = [
    `${method} ${path} HTTP/1.1`,
    'Host: a',
    'Content-Type: application/json',
    ...headers,
    `Content-Length: ${bytes.length}`,
  ];
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), bytes]);
}

/** How a body may come that is itself in order, and how it should not. */
export interface Envelope {
  readonly method: string;
  readonly path: string;
  readonly headers: readonly string[];
}

/** Requests whose body is not what is wrong with them. */
export function envelopes(paths: readonly string[]): fc.Arbitrary<Envelope> {
  return fc.record({
    method: fc.constantFrom('POST', 'POST', 'POST', 'GET', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'),
    path: fc.oneof(
      fc.constantFrom(...paths, ...paths.map((path) => `${path}?timeout=10s`)),
      fc.constantFrom(
        '/',
        '//',
        '*',
        '/../mutate',
        '/%6dutate',
        '/MUTATE',
        '/mutate/',
        '/__proto__',
        '/toString',
        '/%00',
        '/healthz',
        '/readyz',
      ),
      fc.constantFrom(...paths).map((path) => `http://a${path}`),
    ),
    headers: fc.array(
      fc.constantFrom(
        'Content-Type: text/plain',
        'Content-Type: application/json; charset=utf-16',
        'Content-Type: application/json;',
        'Content-Encoding: gzip',
        'Expect: 100-continue',
        'Expect: a',
        'Connection: close',
        'Connection: Upgrade',
        'Upgrade: h2c',
        'X-Remote-User: admin',
        'Accept: nothing',
        'Transfer-Encoding: gzip',
        'Trailer: a',
        `X-A: ${'a'.repeat(9_000)}`,
        '__proto__: a',
      ),
      { maxLength: 3 },
    ),
  });
}
