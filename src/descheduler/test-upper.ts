import { Readable } from 'node:stream';
import type { Client } from '../kube/client.ts';
import { KubeError } from '../kube/errors.ts';
import { keyOf, type Resource } from '../kube/resources.ts';
import type { KubeObject, Pod } from '../kube/types.ts';

interface Where {
  readonly namespace?: string;
  readonly name: string;
}

/** An upper cluster for the few calls that moving a pod makes. An eviction that is granted takes the pod away at once. */
export class TestUpper {
  readonly objects = new Map<string, KubeObject>();
  /** Every call that writes, as `verb key`; one that only tries with `?`. */
  readonly writes: string[] = [];
  /** What is thrown instead of a write of this name. */
  readonly refused = new Map<string, Error>();
  readonly #watches = new Map<string, Readable>();

  /** As who moves pods knows it. */
  get client(): Client {
    return this as unknown as Client;
  }

  put(object: KubeObject): void {
    this.objects.set(keyOf(object), object);
  }

  async get(_: Resource<KubeObject>, where: Where): Promise<KubeObject> {
    const found = this.objects.get(keyOf({ metadata: where }));
    if (!found) throw new KubeError('NotFound', `no ${where.name}`);
    return found;
  }

  async create(
    _: Resource<KubeObject>,
    object: KubeObject,
    { dryRun = false }: { dryRun?: boolean } = {},
  ): Promise<KubeObject> {
    const key = keyOf(object);
    this.#write(`create ${key}`, dryRun);
    if (this.objects.has(key)) throw new KubeError('AlreadyExists', key);
    const metadata = { ...object.metadata, uid: `new-${object.metadata?.name}`, resourceVersion: '1' };
    const made = { ...object, metadata };
    if (!dryRun) this.put(made);
    return made;
  }

  async createSubresource(
    _: unknown,
    where: Where,
    {
      deleteOptions,
    }: { deleteOptions: { preconditions: { uid: string; resourceVersion?: string }; dryRun?: string[] } },
  ): Promise<void> {
    const key = keyOf({ metadata: where });
    this.#write(`evict ${key}`, deleteOptions.dryRun !== undefined);
    const found = this.objects.get(key);
    if (!found) throw new KubeError('NotFound', key);
    const { uid, resourceVersion = found.metadata?.resourceVersion } = deleteOptions.preconditions;
    if (found.metadata?.uid !== uid || found.metadata?.resourceVersion !== resourceVersion)
      throw new KubeError('Conflict', key);
    if (!deleteOptions.dryRun) this.takeAway(found);
  }

  async delete(_: unknown, where: Where): Promise<void> {
    const key = keyOf({ metadata: where });
    this.#write(`delete ${key}`, false);
    this.objects.delete(key);
  }

  /** Of what is watched single objects are there at first, and those with a label that is asked for alone. */
  async list(
    _: unknown,
    { fieldSelector, labelSelector }: { fieldSelector?: string; labelSelector?: string },
  ): Promise<{ items: KubeObject[]; metadata: { resourceVersion: string } }> {
    const items = [...this.objects.values()].filter(({ metadata }) =>
      fieldSelector === undefined
        ? Object.entries(metadata?.labels ?? {}).some((label) => label.join('=') === labelSelector)
        : fieldSelector === selects(metadata?.name),
    );
    return { items, metadata: { resourceVersion: '1' } };
  }

  async watch(
    _: unknown,
    { signal, fieldSelector = '' }: { signal: AbortSignal; fieldSelector?: string },
  ): Promise<Readable> {
    const stream = new Readable({ read() {} });
    signal.addEventListener('abort', () => stream.destroy(), { once: true });
    this.#watches.set(fieldSelector, stream);
    return stream;
  }

  /** Whether somebody watches this object alone. */
  isWatched(name: string): boolean {
    return this.#watches.get(selects(name))?.destroyed === false;
  }

  /** An object is gone; this was the last of it. */
  takeAway(object: KubeObject): void {
    this.objects.delete(keyOf(object));
    const event = { type: 'DELETED', object };
    this.#watches.get(selects(object.metadata?.name))?.push(`${JSON.stringify(event)}\n`);
  }

  #write(what: string, isTrial: boolean): void {
    const text = isTrial ? `${what}?` : what;
    this.writes.push(text);
    const refused = this.refused.get(text);
    if (refused) throw refused;
  }
}

function selects(name: string | undefined): string {
  return `metadata.name=${name}`;
}

/** The pod as it waits. */
export function pending(pod: Pod): Pod {
  return { ...pod, status: { phase: 'Pending' } } as Pod;
}
