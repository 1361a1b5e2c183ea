import fc from 'fast-check';
import { damaged } from './mutate-bytes.ts';

/** The paths of a server that a malformed request may name. */
interface Paths {
  readonly reads: string;
  readonly takes: string;
}

const upgrading = ['Connection: Upgrade', 'Upgrade: SPDY/3.1'];
const unknown = 'Authorization: Bearer bad';
const head = (line: string, ...headers: string[]) =>
  `${[line, 'Host: a', 'User-Agent: fuzz nothing 0', ...headers].join('\r\n')}\r\n\r\n`;

/**
 * Bytes that are no request, or none that is whole, or several that a careless reader takes for one; each as it is, and
 * in many damaged forms. None has credentials that are good. Whoever sends them says nothing more, so that a server that
 * waits for the rest learns that none comes.
 */
export function malformed(paths: Paths): fc.Arbitrary<string> {
  const shapes = shapesOf(paths);
  return fc.oneof(
    { weight: 1, arbitrary: fc.constantFrom(...shapes) },
    { weight: 6, arbitrary: damaged(shapes) },
  );
}

function shapesOf({ reads, takes }: Paths): readonly string[] {
  const get = `GET ${reads} HTTP/1.1`;
  const post = `POST ${takes} HTTP/1.1`;
  const smuggled = head(post, 'User-Agent: smuggled', ...upgrading);
  return [
    head(get),
    `${head(get, unknown, 'Content-Length: 5')}half`,
    head(post, unknown, `Content-Length: ${smuggled.length}`) + smuggled,
    `${head(post, 'Content-Length: 3', 'Transfer-Encoding: chunked')}0\r\n\r\n${smuggled}`,
    `${head('POST /healthz HTTP/1.1', 'Transfer-Encoding: chunked', 'Content-Length: 4')}5c\r\n${smuggled}`,
    head('POST /healthz HTTP/1.1', 'Transfer-Encoding: xchunked') + smuggled,
    `${head('POST /healthz HTTP/1.1', 'Transfer-Encoding: identity, chunked')}0\r\n\r\n${smuggled}`,
    head('POST /healthz HTTP/1.1', 'Content-Length: 0', 'Content-Length: 5') + smuggled,
    head('POST /healthz HTTP/1.1', 'Content-Length: -1') + smuggled,
    `${head('POST /healthz HTTP/1.1', 'Content-Length: 99999999999999999999')}x`,
    `${head('POST /healthz HTTP/1.1', 'Transfer-Encoding: chunked')}fffffffffffffffff\r\n`,
    head('POST /healthz HTTP/1.1', 'Transfer-Encoding: chunked') +
      `5;${'a'.repeat(20_000)}\r\nhello\r\n0\r\n\r\n`,
    `${head('GET /healthz HTTP/1.1', 'Transfer-Encoding: chunked')}0\r\nAuthorization: Bearer good\r\n\r\n`,
    head('GET /healthz HTTP/1.1') + smuggled,
    head('GET /healthz HTTP/1.1', unknown) + smuggled + smuggled,
    head(get, unknown, ...upgrading) + smuggled,
    head(post, unknown, ...upgrading, 'Content-Length: 100') + smuggled,
    head('GET /healthz HTTP/1.1', ...upgrading).repeat(3),
    head('CONNECT web:80 HTTP/1.1'),
    head(`CONNECT ${takes} HTTP/1.1`) + smuggled,
    head('GET /healthz HTTP/9.9'),
    head('GET /healthz HTTP/1.0', 'Connection: keep-alive') + smuggled,
    `${head('PRI * HTTP/2.0')}SM\r\n\r\n`,
    'GET /healthz\r\n',
    'GET /healthz HTTP/1.1\n\n',
    'GET /healthz HTTP/1.1\r\nHost : a\r\n\r\n',
    'GET /healthz HTTP/1.1\r\nHost: a\r\n Authorization: Bearer good\r\n\r\n',
    'GET /healthz HTTP/1.1\r\nHost: a\r\nAuthorization:\x00Bearer good\r\n\r\n',
    'GET  /healthz  HTTP/1.1\r\nHost: a\r\n\r\n',
    `${'GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(50)}`,
    '\r\n'.repeat(1_000),
    '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
    '\0'.repeat(2_000),
    `GET /healthz HTTP/1.1\r\n${'a'.repeat(100)}`,
    `GET /healthz HTTP/1.1\r\n${Array.from({ length: 3_000 }, (_, index) => `X-${index}: a`).join('\r\n')}\r\n\r\n`,
  ];
}
