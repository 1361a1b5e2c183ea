/** Go's clients keep an idle connection for 90 s; whoever closes first must not be us, or calls fail at random. */
const keepAliveTimeout = 120_000;

/** For every HTTPS server that an API server or a scheduler calls. */
export const servingTimeouts = {
  keepAliveTimeout,
  headersTimeout: keepAliveTimeout + 5_000,
  handshakeTimeout: 10_000,
  keepAlive: true,
  noDelay: true,
} as const;
