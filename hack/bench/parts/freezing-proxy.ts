import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import net, { type AddressInfo, type Socket } from 'node:net';
import { parse, stringify } from 'yaml';

/** A way to an API server that can stand still: nothing is refused, and nothing comes any more. */
export interface FreezingProxy {
  freeze(): void;
  /** Connections that stood still have lost bytes and are cut; new ones are served. */
  thaw(): void;
  close(): void;
}

/**
 * Opens the way and writes a kubeconfig that leads along it.
 *
 * @param host the address on which it listens, which the clusters reach
 */
export async function openFreezingProxy(
  host: string,
  kubeconfig: string,
  copy: string,
): Promise<FreezingProxy> {
  const content = parse(readFileSync(kubeconfig, 'utf8')) as {
    clusters: { cluster: Record<string, string> }[];
  };
  const target = new URL(content.clusters[0]?.cluster['server'] ?? '');
  const sockets = new Set<Socket>();
  let isFrozen = false;
  const server = net.createServer((from) => {
    const to = net.connect(Number(target.port), target.hostname);
    for (const [one, other] of [
      [from, to],
      [to, from],
    ] as const) {
      sockets.add(one);
      one.on('data', (chunk) => {
        if (!isFrozen) other.write(chunk);
      });
      one.on('error', () => other.destroy());
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
    }
  });
  server.listen(0, host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  for (const { cluster } of content.clusters) {
    cluster['tls-server-name'] = target.hostname;
    cluster['server'] = `https://${host}:${port}`;
  }
  writeFileSync(copy, stringify(content), { mode: 0o600 });
  return {
    freeze() {
      isFrozen = true;
    },
    thaw() {
      isFrozen = false;
      for (const socket of sockets) socket.destroy();
    },
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
