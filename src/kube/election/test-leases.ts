import { PassThrough } from 'node:stream';
import type { Client, ObjectName } from '../client.ts';
import { KubeError } from '../errors.ts';
import { keyOf, type Resource } from '../resources.ts';
import type { Lease } from '../types.ts';

type Verb = 'list' | 'watch' | 'get' | 'create' | 'replace' | 'delete';

/** What becomes of a call: it does not arrive, meets a conflict, its answer is lost, or nobody ever says anything. */
export type Fate = 'lost' | 'refused' | 'answer lost' | 'silence' | undefined;

/** Decides on each call of a replica. */
export type FateOf = (verb: Verb, lease: Pick<Lease, 'metadata' | 'spec'> | undefined) => Fate;

/** The Leases of an API server, in memory, with a client for each replica that may be cut off in many ways. */
export class LeaseServer {
  readonly leases = new Map<string, Lease>();
  readonly #watches = new Set<{ stream: PassThrough; isDeaf: () => boolean }>();
  #version = 1;

  /** @param isDeaf asked of every change, per connection: one that was made when it said true brings nothing any more */
  client(fateOf: FateOf = () => undefined, isDeaf: () => boolean = () => false): Client {
    const call = async <T>(
      verb: Verb,
      lease: Lease | undefined,
      { timeout }: { timeout?: number } = {},
      act: () => T,
    ): Promise<T> => {
      const fate = fateOf(verb, lease);
      // Timers come to their turn, as with a real one.
      await new Promise(setImmediate);
      const unreachable = () => new KubeError('Unreachable', `the ${verb} was cut off`);
      if (fate === 'lost') throw unreachable();
      if (fate === 'refused') throw new KubeError('Conflict', 'it has changed');
      if (fate === 'silence') {
        await new Promise((resolve) => setTimeout(resolve, timeout ?? 30_000));
        throw unreachable();
      }
      const result = act();
      if (fate === 'answer lost') throw unreachable();
      return structuredClone(result);
    };
    const find = ({ namespace, name }: ObjectName) => {
      const lease = this.leases.get(`${namespace}/${name}`);
      if (!lease) throw new KubeError('NotFound', `${name} is not there`);
      return lease;
    };
    const fake = {
      list: () =>
        call('list', undefined, {}, () => ({
          metadata: { resourceVersion: `${this.#version}` },
          items: [...this.leases.values()],
        })),
      watch: async (_: Resource<Lease>, { signal }: { signal: AbortSignal }) => {
        if (fateOf('watch', undefined)) throw new KubeError('Unreachable', 'the watch was cut off');
        const stream = new PassThrough({ signal });
        stream.on('error', () => {});
        let isOver = false;
        const entry = {
          stream,
          isDeaf: () => {
            isOver ||= isDeaf();
            return isOver;
          },
        };
        this.#watches.add(entry);
        stream.once('close', () => this.#watches.delete(entry));
        // What changed between a list and its watch comes, too.
        for (const lease of this.leases.values())
          if (!entry.isDeaf()) stream.write(`${JSON.stringify({ type: 'MODIFIED', object: lease })}\n`);
        return stream;
      },
      get: (_: Resource<Lease>, where: ObjectName, options: { timeout?: number }) =>
        call('get', undefined, options, () => find(where)),
      create: (_: Resource<Lease>, lease: Lease, options: { timeout?: number }) =>
        call('create', lease, options, () => {
          if (this.leases.has(keyOf(lease))) throw new KubeError('AlreadyExists', 'it is there');
          return this.#put('ADDED', lease, `uid-${this.#version}`);
        }),
      replace: (_: Resource<Lease>, lease: Lease, options: { timeout?: number }) =>
        call('replace', lease, options, () => {
          const { metadata } = find({ ...lease.metadata, name: lease.metadata?.name ?? '' });
          if (metadata?.resourceVersion !== lease.metadata?.resourceVersion)
            throw new KubeError('Conflict', 'it has changed');
          return this.#put('MODIFIED', lease, metadata?.uid ?? '');
        }),
      delete: (
        _: Resource<Lease>,
        where: ObjectName,
        options: { uid: string; resourceVersion?: string; timeout?: number },
      ) => {
        const lease = this.leases.get(`${where.namespace}/${where.name}`);
        return call('delete', lease, options, () => {
          const { metadata } = find(where);
          const { uid, resourceVersion = metadata?.resourceVersion } = options;
          if (metadata?.uid !== uid || metadata?.resourceVersion !== resourceVersion)
            throw new KubeError('Conflict', 'it is another');
          return this.remove(where.name);
        });
      },
    };
    return fake as unknown as Client;
  }

  /** As somebody with kubectl does. */
  remove(name: string): Lease | undefined {
    const lease = [...this.leases.values()].find(({ metadata }) => metadata?.name === name);
    if (!lease) return undefined;
    this.leases.delete(keyOf(lease));
    this.#version += 1;
    const gone = { ...lease, metadata: { ...lease.metadata, resourceVersion: `${this.#version}` } };
    this.#tell('DELETED', gone);
    return gone;
  }

  #put(type: string, lease: Lease, uid: string): Lease {
    this.#version += 1;
    const stored = { ...lease, metadata: { ...lease.metadata, uid, resourceVersion: `${this.#version}` } };
    this.leases.set(keyOf(stored), stored);
    this.#tell(type, stored);
    return stored;
  }

  #tell(type: string, object: Lease): void {
    for (const { stream, isDeaf } of this.#watches)
      if (!isDeaf()) stream.write(`${JSON.stringify({ type, object })}\n`);
  }
}
