import type { Client } from '../client.ts';
import { leases } from '../resources.ts';
import type { Transport } from '../transport.ts';
import type { TransportRequest } from '../transport-request.ts';
import type { Lease } from '../types.ts';

/** A way to an API server that has Leases and nothing else, through a client of a `LeaseServer`. */
export function transportTo(client: Client): Transport {
  const whereOf = ({ path }: TransportRequest) => {
    const [, namespace, name = ''] = /\/namespaces\/([^/]+)\/leases(?:\/([^/]+))?/.exec(path) ?? [];
    return { namespace, name };
  };
  const transport = {
    request: (request: TransportRequest) => {
      const { method, body, timeout = 30_000 } = request;
      const where = whereOf(request);
      const call = { timeout };
      if (method === 'POST') return client.create(leases, body as Lease, call);
      if (method === 'PUT') return client.replace(leases, body as Lease, call);
      if (method === 'DELETE') {
        const { preconditions } = body as { preconditions: { uid: string; resourceVersion?: string } };
        return client.delete(leases, where, { ...preconditions, ...call });
      }
      return where.name === '' ? client.list(leases) : client.get(leases, where, call);
    },
    stream: ({ signal = new AbortController().signal }: TransportRequest) =>
      client.watch(leases, { signal, resourceVersion: '0', timeoutSeconds: 300 }),
  };
  return transport as unknown as Transport;
}
