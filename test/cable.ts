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
  /** From now on what the server says arrives so many milliseconds later. */
  delay(milliseconds: number): void;
  close(): Promise<void>;
}

/** Lays a cable to an API server; its near end is on loopback unless another address of this machine is given. */
export async function layCable(connection: Connection, host = '127.0.0.1'): Promise<Cable> {
  const sockets = new Set<Socket>();
  const pairs = new Map<Socket, Socket>();
  let held = false;
  let lateness = 0;
  const server = createServer((near) => {
    const far = connect(Number(connection.server.port), connection.server.hostname);
    pairs.set(far, near);
    far.on('close', () => pairs.delete(far));
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
      if (from === far && lateness > 0) slow(from, to, () => lateness);
      else from.pipe(to);
      if (held) from.unpipe(to).pause();
    }
  });
  server.listen(0, host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    connection: { ...connection, server: new URL(`https://${host}:${port}`) },
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
    delay(milliseconds) {
      if (lateness === 0) for (const [far, near] of pairs) slow(far.unpipe(), near, () => lateness);
      lateness = milliseconds;
    },
    async close() {
      server.close();
      cut();
      await once(server, 'close');
    },
  };
}

/** Passes on what comes, all of it so much later, in order. */
function slow(from: Socket, to: Socket, lateness: () => number): void {
  from.on('data', (chunk: Buffer) => setTimeout(() => to.writable && to.write(chunk), lateness()));
}
