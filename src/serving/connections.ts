import type { Server, Socket } from 'node:net';

/**
 * Remembers the connections of a server, and returns what ends them all. `closeAllConnections()` of node:https does not
 * know of those whose TLS handshake is still under way, nor of those that were upgraded: each of them holds the end of
 * the server up.
 */
export function rememberConnections(server: Server): () => void {
  const connections = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
  });
  return () => {
    for (const socket of connections) socket.destroy();
  };
}
