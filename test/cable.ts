import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { Connection } from '../src/kube/connection.ts';

/** A piece of network between a client and an API server that can be cut, held up, slowed, made lossy and mended. */
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
  /**
   * From now on this share of all pieces of data, both ways, comes late by what TCP takes to send a lost packet again
   * (200 ms to 1.6 s), and what follows with it; zero ends it.
   */
  lose(share: number, random?: () => number): void;
  /** From now on new connections lead to another server; without one, to the cable's own again. */
  divert(to?: { readonly host: string; readonly port: number }): void;
  close(): Promise<void>;
}

/** Lays a cable to an API server; its near end is on loopback unless another address of this machine is given. */
export async function layCable(connection: Connection, host = '127.0.0.1'): Promise<Cable> {
  const sockets = new Set<Socket>();
  const pairs = new Map<Socket, Socket>();
  const own = { host: connection.server.hostname, port: Number(connection.server.port) };
  let target = own;
  let held = false;
  let lateness = 0;
  let loss = 0;
  let draw: () => number = Math.random;
  const lateFromServer = () => lateness + lostTime();
  const lostTime = () => (draw() < loss ? 200 * 2 ** Math.floor(draw() * 4) : 0);
  /** What goes through slowly stays so, without lateness once there is none. */
  const slowed = new WeakSet<Socket>();
  const slowDown = (from: Socket, to: Socket, late: () => number) => {
    if (slowed.has(from) || held) return;
    slowed.add(from);
    slow(from.unpipe(), to, late);
  };
  const server = createServer((near) => {
    const far = connect(target.port, target.host);
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
      if (held) from.pause();
      else if (loss > 0 || (from === far && lateness > 0))
        slowDown(from, to, from === far ? lateFromServer : lostTime);
      else from.pipe(to);
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
      lateness = milliseconds;
      if (lateness > 0) for (const [far, near] of pairs) slowDown(far, near, lateFromServer);
    },
    lose(share, random = Math.random) {
      [loss, draw] = [share, random];
      if (loss === 0) return;
      for (const [far, near] of pairs) {
        slowDown(far, near, lateFromServer);
        slowDown(near, far, lostTime);
      }
    },
    divert(to = own) {
      target = to;
    },
    async close() {
      server.close();
      cut();
      await once(server, 'close');
    },
  };
}

/** Passes on what comes, each piece so much later, in order. */
function slow(from: Socket, to: Socket, lateness: () => number): void {
  let last = 0;
  from.on('data', (chunk: Buffer) => {
    last = Math.max(performance.now() + lateness(), last);
    setTimeout(() => to.writable && to.write(chunk), last - performance.now());
  });
  // Who was piped before has been paused.
  from.resume();
}
