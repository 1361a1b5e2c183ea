import type { IncomingMessage } from 'node:http';

/** Only these: anything else that upgrades (h2c) would carry requests past our checks. */
const protocols = ['spdy/3.1', 'websocket'];
const kept = /^(upgrade|user-agent|x-stream-protocol-version|sec-websocket-[a-z-]+)$/;
/** How browsers pass a token, as a subprotocol; it is the caller's and is for us alone. */
const bearer = /^\s*base64url\.bearer\.authorization\.k8s\.io\./i;

/** Whether a request asks for a protocol that the Kubernetes streams speak. */
export function asksForStream({ headers }: IncomingMessage): boolean {
  return protocols.includes(headers.upgrade?.toLowerCase() ?? '');
}

/**
 * The headers of an upgrade request that go on: those that choose the protocol, each value in its place. Who the
 * caller is (Authorization, Cookie, Impersonate-*, X-Remote-*, X-Forwarded-*) stays here.
 */
export function upgradeHeaders({
  rawHeaders,
}: Pick<IncomingMessage, 'rawHeaders'>): Record<string, string[]> {
  const headers: Record<string, string[]> = { connection: ['Upgrade'] };
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]?.toLowerCase() ?? '';
    const value = withoutBearer(name, rawHeaders[index + 1] ?? '');
    if (!kept.test(name) || value === '') continue;
    headers[name] = [...(headers[name] ?? []), value];
  }
  return headers;
}

function withoutBearer(name: string, value: string): string {
  if (name !== 'sec-websocket-protocol') return value;
  return value
    .split(',')
    .filter((item) => !bearer.test(item))
    .join(',')
    .trim();
}
