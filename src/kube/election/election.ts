import { setTimeout as sleep } from 'node:timers/promises';
import { Cache } from '../cache.ts';
import type { Client } from '../client.ts';
import { describeError, hasCode } from '../errors.ts';
import { Reflector } from '../reflector.ts';
import { leases } from '../resources.ts';
import type { Lease } from '../types.ts';
import { assign } from './assignment.ts';
import { electionLabel, type Group, leaderLease, leaderOf, leaseName } from './leases.ts';
import { Membership } from './membership.ts';
import type { Timing } from './timing.ts';

export interface ElectionOptions {
  readonly client: Client;
  readonly group: Group;
  /** Ours alone, for each process another: a DNS label. */
  readonly identity: string;
  /** Begins the work of a name; returns at once. */
  readonly onStarted: (name: string) => void;
  /** Ends the work of a name; when it resolves nothing is done for it any more. Never rejects. */
  readonly onStopped: (name: string) => Promise<void>;
  readonly onError: (message: string) => void;
  readonly timing: Timing;
  readonly now?: () => Date;
}

/** How often we look without being told of a change: for replicas that fall silent. */
const tick = 500;

/**
 * Shares names among replicas, so that each is led by one of them. The sign of life is one Lease for a replica;
 * a Lease for each name says who leads it and is written only when that changes (docs/decisions/0009).
 */
export class Election {
  readonly #options: ElectionOptions;
  readonly #timing: Timing;
  readonly #leases = new Cache<Lease>({});
  readonly #members: Membership;
  readonly #held = new Set<string>();
  readonly #stopping = new Map<string, Promise<void>>();
  #names: ReadonlySet<string> = new Set();
  #changed = new AbortController();
  #calmSince = performance.now();
  #living = '';
  #deadline: NodeJS.Timeout | undefined;
  #isAlive = false;

  constructor(options: ElectionOptions) {
    this.#options = options;
    this.#timing = options.timing;
    const { client, group, identity, now = () => new Date() } = options;
    const { duration, interval: timeout } = this.#timing;
    this.#members = new Membership({ client, group, identity, leases: this.#leases, duration, timeout, now });
    this.#leases.subscribe(() => this.#changed.abort());
  }

  /** Says what is to be led by somebody from now on. */
  setNames(names: Iterable<string>): void {
    this.#names = new Set(names);
    this.#changed.abort();
  }

  /** The names that we lead now. */
  get held(): ReadonlySet<string> {
    return this.#held;
  }

  /** Takes part until the signal aborts, then gives up everything it leads. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { client, group, onError } = this.#options;
    const watching = new AbortController();
    const labelSelector = `${electionLabel}=${group.name}`;
    const reflector = new Reflector(client, leases, this.#leases, {
      namespace: group.namespace,
      labelSelector,
      onError,
    });
    const running = [reflector.run(watching.signal), this.#keepAlive(signal)];
    signal.addEventListener('abort', () => this.#changed.abort(), { once: true });
    const synced = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    await Promise.race([reflector.synced, synced]);
    while (!signal.aborted) {
      this.#changed = new AbortController();
      await this.#look().catch((error: unknown) => onError(`election: ${describeError(error)}`));
      await sleep(tick, undefined, { signal: this.#changed.signal }).catch(() => {});
    }
    clearTimeout(this.#deadline);
    await Promise.all([...this.#held].map((name) => this.#release(name)));
    await this.#members.leave();
    watching.abort();
    await Promise.all(running);
  }

  async #keepAlive(signal: AbortSignal): Promise<void> {
    const { interval, deadline } = this.#timing;
    while (!signal.aborted) {
      const began = performance.now();
      try {
        await this.#members.renew();
        this.#isAlive = true;
        clearTimeout(this.#deadline);
        const left = Math.max(0, deadline - (performance.now() - began));
        if (!signal.aborted) this.#deadline = setTimeout(() => this.#loseAll(), left);
        await sleep(interval, undefined, { signal }).catch(() => {});
      } catch (error) {
        this.#options.onError(`election: ${describeError(error)}`);
        await sleep(interval / 5, undefined, { signal }).catch(() => {});
      }
    }
  }

  /** Others may take what we lead any moment now, so we stop, without a word to an API server that does not answer. */
  #loseAll(): void {
    this.#isAlive = false;
    for (const name of [...this.#held]) void this.#stop(name);
  }

  /** One look at who leads what, and the steps that follow from it. @throws KubeError */
  async #look(): Promise<void> {
    if (!this.#isAlive) return;
    await this.#dropTaken();
    const { take, release } = assign({
      self: this.#options.identity,
      names: this.#names,
      held: this.#shares(),
    });
    for (const name of release) if (!this.#names.has(name) || this.#isCalm()) await this.#release(name);
    for (const name of take) if (this.#isAlive) await this.#tryToTake(name);
    await this.#members.sweep();
  }

  /** The names each living replica leads. */
  #shares(): Map<string, Set<string>> {
    const living = this.#members.living();
    const now = [...living].sort().join();
    if (now !== this.#living) this.#calmSince = performance.now();
    this.#living = now;
    const shares = new Map([...living].map((replica) => [replica, new Set<string>()]));
    for (const name of this.#names) {
      const leader = leaderOf(this.#lease(name));
      if (leader !== this.#options.identity) shares.get(leader)?.add(name);
    }
    for (const name of this.#held) shares.get(this.#options.identity)?.add(name);
    return shares;
  }

  #isCalm(): boolean {
    if (performance.now() - this.#calmSince < this.#timing.calm) return false;
    this.#calmSince = performance.now();
    return true;
  }

  /** A Lease that another replica, or a person, took from us ends our work. */
  async #dropTaken(): Promise<void> {
    const { identity } = this.#options;
    for (const name of [...this.#held]) if (leaderOf(this.#lease(name)) !== identity) await this.#stop(name);
  }

  /** What fails for one name does not keep the others from being taken. */
  async #tryToTake(name: string): Promise<void> {
    try {
      await this.#take(name);
    } catch (error) {
      this.#options.onError(`election: ${describeError(error)}`);
    }
  }

  async #take(name: string): Promise<void> {
    const { identity, onStarted } = this.#options;
    await this.#stopping.get(name);
    const before = this.#lease(name);
    const leader = leaderOf(before);
    if (leader !== '' && leader !== identity && !(await this.#members.isDead(leader))) return;
    if (!(await this.#write(name, identity, before)) || !this.#isAlive) return;
    this.#held.add(name);
    onStarted(name);
  }

  async #release(name: string): Promise<void> {
    await this.#stop(name);
    const lease = this.#lease(name);
    try {
      if (lease && !this.#names.has(name)) await this.#remove(lease);
      else await this.#write(name, '', lease);
    } catch (error) {
      this.#options.onError(`election: ${describeError(error)}`);
    }
  }

  /** Nobody is to lead this any more. @throws KubeError */
  async #remove(lease: Lease): Promise<void> {
    const { namespace, name = '', uid = '' } = lease.metadata ?? {};
    await this.#options.client.delete(leases, { namespace, name }, { uid });
    this.#leases.remove(lease);
  }

  /** Ends the work of a name; one end at a time. */
  #stop(name: string): Promise<void> {
    if (!this.#held.delete(name)) return this.#stopping.get(name) ?? Promise.resolve();
    const stopped = this.#options.onStopped(name).finally(() => this.#stopping.delete(name));
    this.#stopping.set(name, stopped);
    return stopped;
  }

  /** Writes who leads; false when somebody else wrote first. @throws KubeError */
  async #write(name: string, leader: string, before: Lease | undefined): Promise<boolean> {
    const { client, group, now = () => new Date() } = this.#options;
    const lease = leaderLease(group, name, leader, now(), before);
    const call = { urgent: true, timeout: this.#timing.interval };
    try {
      const written = before
        ? await client.replace(leases, lease, call)
        : await client.create(leases, lease, call);
      this.#leases.apply(written);
      return true;
    } catch (error) {
      if (hasCode(error, 'Conflict', 'AlreadyExists', 'NotFound')) return false;
      throw error;
    }
  }

  #lease(name: string): Lease | undefined {
    const { group } = this.#options;
    return this.#leases.get(`${group.namespace}/${leaseName(group, 'leader', name)}`);
  }
}
