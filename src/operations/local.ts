import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';

/**
 * Whether a request comes from this machine (in a pod: from within it, as `kubectl port-forward` does) and means it.
 * A page in a browser here can send requests too, under a name of its own that leads here; `Host` gives it away.
 */
export function isLocal({ socket, headers }: IncomingMessage): boolean {
  return isLoopback(socket.remoteAddress ?? '') && isLocalHost(headers.host) && headers.origin === undefined;
}

/** Whether an IP address is of this machine alone. */
export function isLoopback(address: string): boolean {
  const family = isIP(address);
  return family !== 0 && loopback().check(address, family === 6 ? 'ipv6' : 'ipv4');
}

function loopback(): BlockList {
  const list = new BlockList();
  list.addSubnet('127.0.0.0', 8, 'ipv4');
  list.addAddress('::1', 'ipv6');
  return list;
}

function isLocalHost(header: string | undefined): boolean {
  const host = (header ?? '').replace(/:\d*$/, '').replace(/^\[|\]$/g, '');
  return host === 'localhost' || isLoopback(host);
}
