import type { Client } from '../kube/client.ts';
import { hasCode } from '../kube/errors.ts';
import { configMaps } from '../kube/resources.ts';
import { readTried, type Tried, writeTried } from '../translate/tried.ts';

export interface MemoryOptions {
  readonly upper: Client;
  /** The ConfigMap in which it is kept, where the webhook sees it and a restart leaves it. */
  readonly namespace: string;
  readonly name: string;
  /** How long a node is avoided the first time, in milliseconds; twice as long each time after. */
  readonly first: number;
  /** How long at most. */
  readonly most: number;
}

/** A pod has one condition for each of these, so they must stay few; the newest count. */
const mostNodes = 50;

/** What would be over soonest goes first when there is more. */
const mostEntries = 2_000;

/** A ConfigMap holds 1 MiB (core/v1 MaxSecretSize), and an entry some hundred bytes for each node. */
const mostCharacters = 900_000;

/**
 * What was tried in vain: nodes on which pods of a controller, or a pod, found no place. An entry is forgotten when the
 * longest time has passed since its end, so that who fails again before waits longer.
 */
export class Memory {
  readonly #options: MemoryOptions;
  #entries = new Map<string, Tried>();

  constructor(options: MemoryOptions) {
    this.#options = options;
  }

  /** Reads what was remembered before. @throws KubeError */
  async load(): Promise<void> {
    const { upper, namespace, name } = this.#options;
    try {
      const { data = {} } = await upper.get(configMaps, { namespace, name });
      this.#entries = new Map(Object.entries(data).map(([key, text]) => [key, readTried(text)]));
    } catch (error) {
      if (!hasCode(error, 'NotFound')) throw error;
      this.#entries = new Map();
    }
  }

  /** All that is remembered of this key. */
  tried(key: string): Tried {
    return this.#entries.get(key) ?? new Map();
  }

  /**
   * Remembers that a node was tried in vain; it is written when this resolves. While it is avoided already nothing
   * changes: of many pods of a controller all were in vain there at once.
   *
   * @throws KubeError
   */
  async remember(key: string, node: string, now: number, first: number = this.#options.first): Promise<void> {
    const { most } = this.#options;
    const until = this.#entries.get(key)?.get(node)?.until ?? now;
    if (until > now && this.#isRecent(until, now)) return;
    const tried = new Map(
      [...(this.#entries.get(key) ?? [])].filter(([, { until }]) => this.#isRecent(until, now)),
    );
    const times = (tried.get(node)?.times ?? 0) + 1;
    tried.delete(node);
    tried.set(node, { times, until: now + Math.min(most, first * 2 ** (times - 1)) });
    const newest = new Map([...tried].slice(-mostNodes));
    const gone = this.#forgotten(key, now);
    const data = { ...Object.fromEntries(gone.map((old) => [old, null])), [key]: writeTried(newest) };
    await this.#write(data);
    for (const old of gone) this.#entries.delete(old);
    this.#entries.delete(key);
    this.#entries.set(key, newest);
  }

  /** Entries that no longer say anything, and the oldest of too many. */
  #forgotten(besides: string, now: number): string[] {
    const others = [...this.#entries].filter(([key]) => key !== besides);
    const over = others.filter(([, tried]) =>
      [...tried.values()].every(({ until }) => !this.#isRecent(until, now)),
    );
    const old = new Set(over.map(([key]) => key));
    const endOf = (tried: Tried) => Math.max(...[...tried.values()].map(({ until }) => until));
    const left = others
      .filter(([key]) => !old.has(key))
      .map(([key, tried]) => ({ key, end: endOf(tried), length: key.length + writeTried(tried).length }))
      .sort((one, other) => one.end - other.end);
    let count = left.length;
    let length = left.reduce((sum, entry) => sum + entry.length, 0);
    for (const entry of left) {
      if (count < mostEntries && length <= mostCharacters) break;
      old.add(entry.key);
      count -= 1;
      length -= entry.length;
    }
    return [...old];
  }

  /** None lasts longer than at most: such a one was written before the clock was set back. */
  #isRecent(until: number, now: number): boolean {
    const { most } = this.#options;
    return until + most > now && until <= now + most;
  }

  async #write(data: Readonly<Record<string, string | null>>): Promise<void> {
    const { upper, namespace, name } = this.#options;
    try {
      await upper.patch(configMaps, { namespace, name }, { data });
    } catch (error) {
      if (!hasCode(error, 'NotFound')) throw error;
      const present = Object.entries(data).flatMap(([key, text]) => (text === null ? [] : [[key, text]]));
      await upper.create(configMaps, { metadata: { namespace, name }, data: Object.fromEntries(present) });
    }
  }
}
