import fc from 'fast-check';
import { caller } from './callers.ts';
import type { Certificate } from './ground.ts';
import { header, upgrade } from './headers.ts';
import type { Right } from './lower.ts';
import { target } from './targets.ts';

/** One request with hostile parts, each within the bounds of HTTP. */
export interface HostileRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: readonly string[];
  readonly certificate: Certificate;
  readonly right: Right;
  readonly behind: string;
}

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
    target,
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
  .map(({ target, headers, upgrade, caller: [right, certificate, credentials], behind, method }) => ({
    method,
    target,
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
