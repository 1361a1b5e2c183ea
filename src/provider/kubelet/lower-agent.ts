import { Agent } from 'node:https';
import { createSecureContext } from 'node:tls';
import { type Credentials, tlsIdentity } from '../../kube/connection.ts';
import type { Transport } from '../../kube/transport.ts';

interface Known {
  readonly identity: string;
  readonly agent: Agent;
}

const agents = new WeakMap<Transport, Known>();

/**
 * What makes connections to a lower API server for streams: each request has one of its own, for a stream takes it away.
 * What they have in common is kept, as long as the credentials do: the authorities, which take a third of a millisecond to
 * read, and the TLS session, with which neither side checks the certificate of the other anew. Three hundred people who
 * follow logs all come at once when their API server was started again.
 */
export function lowerAgent(transport: Transport, tls: Credentials['tls']): Agent {
  const identity = tlsIdentity(tls);
  const known = agents.get(transport);
  if (known?.identity === identity) return known.agent;
  const { ca, cert, key } = tls;
  const secureContext = createSecureContext({
    ...(ca && { ca }),
    ...(cert && { cert }),
    ...(key && { key }),
  });
  const agent = new Agent({ ...tls, secureContext });
  agents.set(transport, { identity, agent });
  return agent;
}
