import type { Socket } from 'node:net';
import { gather } from './gather.ts';

/** Milliseconds for the other side to take what is left and close, once one side has closed. */
const linger = 10_000;
/** Milliseconds without a byte, once one side has nothing more to say. */
const halfOpenTimeout = 60_000;
/** Finds peers that vanished without a word; in milliseconds. */
const keepAlive = 30_000;

/**
 * Joins two sockets, byte for byte and with backpressure, and resolves when both are closed. The end of one
 * direction is passed on by itself, so what still comes the other way (an exit code) arrives. When one side is
 * gone, closed or broken, the other gets what was sent before: a client that still writes stdin to a command
 * that has ended breaks the lower side, and must learn the exit code all the same.
 *
 * @param idleTimeout milliseconds without a byte either way after which both end
 */
export function joinSockets(one: Socket, other: Socket, idleTimeout: number): Promise<void> {
  return new Promise((resolve) => {
    let open = 2;
    const pass = (from: Socket, to: Socket) => {
      from.setNoDelay(true);
      from.setKeepAlive(true, keepAlive);
      from.setTimeout(idleTimeout);
      from.on('timeout', () => from.destroy(new Error('idle')));
      // What broke is closed next; that is where it is dealt with.
      from.on('error', () => {});
      from.once('end', () => {
        from.setTimeout(Math.min(idleTimeout, halfOpenTimeout));
        to.setTimeout(Math.min(idleTimeout, halfOpenTimeout));
      });
      const closed = () => {
        if (--open === 0) resolve();
        else finish(to, from);
      };
      if (from.closed) closed();
      else from.once('close', closed);
      gather(from, to);
      from.pipe(to);
    };
    pass(one, other);
    pass(other, one);
  });
}

/**
 * Lets a socket send what it has, then closes it. What it still receives is read and dropped: closing a socket
 * with unread bytes resets the connection, and the peer loses what it has not read yet.
 */
export function finish(socket: Socket, peer?: Socket): void {
  if (peer) socket.unpipe(peer);
  socket.end();
  socket.resume();
  const timer = setTimeout(() => socket.destroy(), linger);
  socket.once('close', () => clearTimeout(timer));
}
