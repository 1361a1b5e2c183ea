import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { Connection } from '../src/kube/connection.ts';

/** A piece of network between a client and an API server that can be cut, held up and mended. */
export interface Cable {
  /** The same cluster, reached through the cable. */
  readonly connection: Connection;
  /** How many connections go through it now. */
  readonly open: number;
  /** Resets every connection; new ones pass. */
  cut(): void;
  /** From now on nothing passes on any connection, and nobody is told, as in a partition. */
  hold(): void;
  /** New connections pass again; those that were held stay dead, as after a partition that outlived them. */
  mend(): void;
  close(): Promise<void>;
}

/** Lays a cable to an API server. */
export async function layCable(connection: Connection): Promise<Cable> {
  const sockets = new Set<Socket>();
  let held = false;
  const server = createServer((near) => {
    const far = connect(Number(connection.server.port), connection.server.hostname);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on('error', () => {});
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
      from.pipe(to);
      if (held) from.unpipe(to).pause();
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    connection: { ...connection, server: new URL(`https://127.0.0.1:${port}`) },
    get open() {
      return sockets.size / 2;
    },
    cut,
    hold() {
      held = true;
      for (const socket of sockets) socket.unpipe().pause();
    },
    mend() {
      held = false;
    },
    async close() {
      server.close();
      cut();
      await once(server, 'close');
    },
  };
}
