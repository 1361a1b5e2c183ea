import { setTimeout as sleep } from 'node:timers/promises';
import { Cache } from '../cache.ts';
import type { Client } from '../client.ts';
import { describeError, hasCode } from '../errors.ts';
import { Reflector } from '../reflector.ts';
import { leases } from '../resources.ts';
import { type LinkedSignal, linkSignals } from '../signals.ts';
import type { Lease } from '../types.ts';
import { assign } from './assignment.ts';
import {
  electionLabel,
  type Group,
  hashOfNames,
  isOfLeader,
  leaderLease,
  leaderOf,
  leaseName,
} from './leases.ts';
import { Membership } from './membership.ts';
import type { Timing } from './timing.ts';

export interface ElectionOptions {
  readonly client: Client;
  readonly group: Group;
  /** Ours alone, for each process another: a DNS label. */
  readonly identity: string;
  /** Begins the work of a name; returns at once. */
  readonly onStarted: (name: string) => void;
  /**
   * Ends the work of a name; when it resolves nothing is done for it any more. Never rejects. When it is `lost`,
   * another may begin any moment: what is under way must be cut off, not waited for.
   */
  readonly onStopped: (name: string, how: { lost: boolean }) => Promise<void>;
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
  readonly #leases = new Cache<Lease>({});
  readonly #members: Membership;
  readonly #held = new Set<string>();
  /** Names whose work is being ended. */
  readonly #stopping = new Map<string, Promise<void>>();
  #names: ReadonlySet<string> = new Set();
  #shares = hashOfNames(new Set());
  #isLeaving = false;
  #isAlive = false;
  #isKnown = false;
  #living = '';
  #calmSince = performance.now();
  #certainUntil = Number.NEGATIVE_INFINITY;
  #deadline: NodeJS.Timeout | undefined;
  #changed = new AbortController();
  #beat: LinkedSignal | undefined;

  constructor(options: ElectionOptions) {
    this.#options = options;
    const { client, group, identity, timing, now = () => new Date() } = options;
    const { duration, interval: timeout } = timing;
    this.#members = new Membership({ client, group, identity, leases: this.#leases, duration, timeout, now });
    this.#leases.subscribe(() => this.#changed.abort());
  }

  /** Says what is to be led by somebody from now on. */
  setNames(names: Iterable<string>): void {
    this.#names = new Set(names);
    this.#shares = hashOfNames(this.#names);
    this.#beat?.abort();
    this.#changed.abort();
  }

  /** The names that we lead now. */
  get held(): ReadonlySet<string> {
    return this.#held;
  }

  /** Whether we take part: the Leases of the others are known, and ours is there. */
  get isTakingPart(): boolean {
    return this.#isKnown && this.#isAlive;
  }

  /**
   * Whether what we lead is ours for certain, by the clock. A process that was stopped for a while reads what came
   * meanwhile, and would act upon it, before any timer tells it that its time is over.
   */
  get isCertain(): boolean {
    return performance.now() < this.#certainUntil;
  }

  /** Takes part until the signal aborts, then gives up everything it leads. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { client, group, onError } = this.#options;
    const ended = new AbortController();
    const labelSelector = `${electionLabel}=${group.name}`;
    const { namespace } = group;
    const reflector = new Reflector(client, leases, this.#leases, { namespace, labelSelector, onError });
    const watching = reflector.run(ended.signal);
    const beating = this.#keepAlive(ended.signal);
    const aborted = new Promise<void>((resolve) => {
      const leave = () => {
        this.#isLeaving = true;
        this.#beat?.abort();
        this.#changed.abort();
        resolve();
      };
      if (signal.aborted) leave();
      else signal.addEventListener('abort', leave, { once: true });
    });
    await Promise.race([reflector.synced, aborted]);
    this.#isKnown = true;
    while (!signal.aborted) {
      this.#changed = new AbortController();
      await this.#look(signal).catch((error: unknown) => this.#tell(error));
      await sleep(tick, undefined, { signal: this.#changed.signal }).catch(() => {});
    }
    for (const name of [...this.#held]) void this.#release(name);
    await Promise.all(this.#stopping.values());
    ended.abort();
    clearTimeout(this.#deadline);
    await Promise.all([beating, watching]);
    await this.#members.leave();
  }

  async #keepAlive(signal: AbortSignal): Promise<void> {
    const { interval, deadline } = this.#options.timing;
    while (!signal.aborted) {
      const began = performance.now();
      let pause = interval;
      this.#beat = linkSignals(signal);
      const beat = this.#beat;
      try {
        await this.#members.renew(this.#isLeaving ? '' : this.#shares);
        this.#isAlive = true;
        this.#certainUntil = began + deadline;
        clearTimeout(this.#deadline);
        const left = Math.max(0, deadline - (performance.now() - began));
        this.#deadline = setTimeout(() => this.#loseAll(), left);
        this.#changed.abort();
      } catch (error) {
        // Who deletes our Lease tells the others that we are dead.
        if (hasCode(error, 'Gone')) this.#loseAll();
        this.#tell(error);
        pause = interval / 5;
      }
      await sleep(pause, undefined, { signal: beat.signal }).catch(() => {});
      beat.release();
    }
  }

  /** Others may take what we lead any moment now: it is cut off, without a word to an API server that is silent. */
  #loseAll(): void {
    this.#isAlive = false;
    this.#certainUntil = Number.NEGATIVE_INFINITY;
    for (const name of [...this.#held]) void this.#stop(name, true);
  }

  /** One look at who leads what, and the steps that follow from it. @throws KubeError */
  async #look(signal: AbortSignal): Promise<void> {
    if (!this.#isAlive) return;
    const { identity } = this.#options;
    for (const name of [...this.#held])
      if (leaderOf(this.#lease(name)) !== identity) void this.#stop(name, true);
    const living = this.#members.living();
    const { take, release } = assign({
      self: identity,
      names: this.#names,
      free: [...this.#names].filter((name) => this.#isFree(name, living)),
      held: this.#sharers(living),
    });
    for (const name of release) if (!this.#names.has(name) || this.#isCalm()) void this.#release(name);
    for (const name of take) {
      if (signal.aborted || !this.#isAlive) return;
      await this.#take(name).catch((error: unknown) => this.#tell(error));
    }
    await this.#members.sweep();
    await this.#sweepLeaders(living);
  }

  #isFree(name: string, living: ReadonlyMap<string, string>): boolean {
    return !this.#held.has(name) && !this.#stopping.has(name) && !living.has(leaderOf(this.#lease(name)));
  }

  /** The names that we and each living replica lead that shares the same names as we do. */
  #sharers(living: ReadonlyMap<string, string>): Map<string, ReadonlySet<string>> {
    const now = [...living]
      .map(([replica, shares]) => `${replica} ${shares}`)
      .sort()
      .join();
    if (now !== this.#living) this.#calmSince = performance.now();
    this.#living = now;
    const sharers = new Map<string, Set<string>>([[this.#options.identity, new Set(this.#held)]]);
    for (const [replica, shares] of living) if (shares === this.#shares) sharers.set(replica, new Set());
    for (const name of this.#names) {
      const leader = leaderOf(this.#lease(name));
      if (leader !== this.#options.identity) sharers.get(leader)?.add(name);
    }
    return sharers;
  }

  #isCalm(): boolean {
    if (performance.now() - this.#calmSince < this.#options.timing.calm) return false;
    this.#calmSince = performance.now();
    return true;
  }

  /** @throws KubeError */
  async #take(name: string): Promise<void> {
    const { identity, onStarted } = this.#options;
    const before = this.#lease(name);
    const leader = leaderOf(before);
    if (leader !== '' && leader !== identity && !(await this.#members.isDead(leader))) return;
    if (!(await this.#write(name, identity, before))) return;
    // Meanwhile we were told to stop, or lost our own sign of life.
    if (!this.#isAlive || this.#isLeaving || !this.#names.has(name)) {
      await this.#write(name, '', this.#lease(name));
      return;
    }
    this.#held.add(name);
    onStarted(name);
  }

  /** Ends the work of a name and says that nobody leads it. Never rejects. */
  #release(name: string): Promise<void> {
    const stopped = this.#stop(name, false);
    const released = stopped.then(async () => {
      const lease = this.#lease(name);
      if (leaderOf(lease) !== this.#options.identity) return;
      if (lease && !this.#names.has(name)) await this.#remove(lease);
      else await this.#write(name, '', lease);
    });
    const told = released
      .catch((error: unknown) => this.#tell(error))
      .finally(() => {
        this.#stopping.delete(name);
        this.#changed.abort();
      });
    this.#stopping.set(name, told);
    return told;
  }

  /** Ends the work of a name; one end at a time. Never rejects. */
  #stop(name: string, lost: boolean): Promise<void> {
    if (!this.#held.delete(name)) return this.#stopping.get(name) ?? Promise.resolve();
    const stopped = this.#options.onStopped(name, { lost }).finally(() => {
      if (this.#stopping.get(name) === stopped) this.#stopping.delete(name);
      this.#changed.abort();
    });
    this.#stopping.set(name, stopped);
    return stopped;
  }

  /** Removes the Leases of what nobody is to lead any more; only while all that live agree on what that is. */
  async #sweepLeaders(living: ReadonlyMap<string, string>): Promise<void> {
    if ([...living.values()].some((shares) => shares !== this.#shares)) return;
    const { group } = this.#options;
    const wanted = new Set(
      [...this.#names, ...this.#stopping.keys()].map((name) => leaseName(group, 'leader', name)),
    );
    for (const lease of [...this.#leases.values()]) {
      if (!isOfLeader(lease) || wanted.has(lease.metadata?.name ?? '')) continue;
      const leader = leaderOf(lease);
      if (leader === '' || (leader !== this.#options.identity && !living.has(leader)))
        await this.#remove(lease);
    }
  }

  /** @throws KubeError */
  async #remove(lease: Lease): Promise<void> {
    const { namespace, name = '', uid = '', resourceVersion } = lease.metadata ?? {};
    try {
      await this.#options.client.delete(leases, { namespace, name }, { uid, resourceVersion });
    } catch (error) {
      if (hasCode(error, 'Conflict')) return;
      if (!hasCode(error, 'NotFound')) throw error;
    }
    this.#leases.remove(lease);
  }

  /** Writes who leads; false when somebody else wrote first. @throws KubeError */
  async #write(name: string, leader: string, before: Lease | undefined): Promise<boolean> {
    const { client, group, timing, now = () => new Date() } = this.#options;
    const lease = leaderLease(group, name, leader, now(), before);
    const call = { urgent: true, timeout: timing.interval };
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

  #tell(error: unknown): void {
    this.#options.onError(`election: ${describeError(error)}`);
  }
}
