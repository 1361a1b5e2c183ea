import { setTimeout as sleep } from 'node:timers/promises';
import { Cache } from '../cache.ts';
import type { Client } from '../client.ts';
import { describeError, hasCode } from '../errors.ts';
import { Reflector } from '../reflector.ts';
import { leases } from '../resources.ts';
import { type LinkedSignal, linkSignals } from '../signals.ts';
import type { Lease } from '../types.ts';
import { assign } from './assignment.ts';
import { LeaderLeases } from './leader-leases.ts';
import { electionLabel, type Group, hashOfNames, leaderOf } from './leases.ts';
import { Membership } from './membership.ts';
import type { Timing } from './timing.ts';
import { Vacancies } from './vacancies.ts';

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
/** Who had to take what others left gives nothing up to spread it for so many durations: it would come back again. */
const reluctance = 60;

/**
 * Shares names among replicas, so that each is led by one of them. The sign of life is one Lease for a replica;
 * a Lease for each name says who leads it and is written only when that changes (docs/decisions/0009).
 */
export class Election {
  readonly #options: ElectionOptions;
  readonly #leases = new Cache<Lease>({});
  readonly #members: Membership;
  readonly #leaders: LeaderLeases;
  readonly #vacancies: Vacancies;
  readonly #reflector: Reflector<Lease>;
  readonly #held = new Set<string>();
  /** Names whose work is being ended. */
  readonly #stopping = new Map<string, Promise<void>>();
  #names: ReadonlySet<string> = new Set();
  #shares = hashOfNames(new Set());
  #isLeaving = false;
  #isAlive = false;
  #living = '';
  #calmSince = performance.now();
  #spreadsFrom = Number.NEGATIVE_INFINITY;
  #certainUntil = Number.NEGATIVE_INFINITY;
  #deadline: NodeJS.Timeout | undefined;
  #changed = new AbortController();
  #beat: LinkedSignal | undefined;

  constructor(options: ElectionOptions) {
    this.#options = options;
    const { client, group, identity, timing, onError, now = () => new Date() } = options;
    const { duration, interval: timeout } = timing;
    const common = { client, group, leases: this.#leases, timeout, now };
    this.#members = new Membership({ ...common, identity, duration });
    this.#leaders = new LeaderLeases(common);
    this.#vacancies = new Vacancies(duration);
    const { namespace } = group;
    const labelSelector = `${electionLabel}=${group.name}`;
    this.#reflector = new Reflector(client, leases, this.#leases, { namespace, labelSelector, onError });
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
    return this.#isAlive;
  }

  /**
   * Whether what we lead is ours for certain, by the clock. A process that was stopped for a while reads what came
   * meanwhile, and would act upon it, before any timer tells it that its time is over.
   */
  get isCertain(): boolean {
    return performance.now() < this.#certainUntil;
  }

  /** The same of one name, also while its work is being ended. */
  mayWork(name: string): boolean {
    return this.isCertain && (this.#held.has(name) || this.#stopping.has(name));
  }

  /** Whether no other replica lives that could take what we give up. */
  get isAlone(): boolean {
    return this.#members.living().size === 0;
  }

  /** Gives up a name that we lead and cannot work for, and leaves it to the others for a while, if there are any. */
  giveUp(name: string): void {
    if (!this.#held.has(name)) return;
    this.#vacancies.pass(name);
    void this.#release(name);
  }

  /** Takes part until the signal aborts, then gives up everything it leads. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const ended = new AbortController();
    const watching = this.#reflector.run(ended.signal);
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
    await Promise.race([this.#reflector.synced, aborted]);
    // Not before: who gives a sign of life has a share, and nobody else takes what is left for it.
    const beating = signal.aborted ? undefined : this.#keepAlive(ended.signal);
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
        this.#endDeafness();
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

  /** Each of our signs of life comes back on the watch. When none does it is dead, and what others give up is not seen. */
  #endDeafness(): void {
    const { silentSince, heard } = this.#reflector;
    const isOpen = silentSince === undefined;
    if (isOpen && performance.now() - heard > this.#options.timing.duration) this.#reflector.reconnect();
  }

  /** Others may take what we lead any moment now: it is cut off, without a word to an API server that is silent. */
  #loseAll(): void {
    this.#isAlive = false;
    this.#certainUntil = Number.NEGATIVE_INFINITY;
    for (const name of [...this.#held]) void this.#stop(name, true);
  }

  /** One look at who leads what, and the steps that follow from it. @throws KubeError */
  async #look(signal: AbortSignal): Promise<void> {
    if (!this.isCertain) return;
    const { identity } = this.#options;
    for (const name of [...this.#held])
      if (this.#leaders.leaderOf(name) !== identity) void this.#stop(name, true);
    const living = this.#members.living();
    const free = [...this.#names].filter((name) => this.#isFree(name, living));
    const { take, beyond, release } = assign({
      self: identity,
      names: this.#names,
      free,
      overdue: this.#vacancies.see(free),
      passed: living.size > 0 ? this.#vacancies.passed() : new Set(),
      held: this.#sharers(living),
    });
    for (const name of release) if (!this.#names.has(name) || this.#isCalm()) void this.#release(name);
    for (const name of [...take, ...beyond]) {
      if (signal.aborted || !this.isCertain) return;
      const isTaken = await this.#take(name).catch((error: unknown) => this.#tell(error));
      if (!isTaken || !beyond.includes(name)) continue;
      this.#options.onError(`election: ${name} is led beyond our share: nobody else took it`);
      this.#spreadsFrom = performance.now() + reluctance * this.#options.timing.duration;
    }
    await this.#disown();
    await this.#members.sweep();
    await this.#sweepLeaders(living);
  }

  /**
   * Says of what is ours by its Lease alone that nobody leads it: a word that did not arrive when it was given up, or
   * work that was cut off while our share became smaller. As long as we live nobody else would take it.
   */
  async #disown(): Promise<void> {
    const { identity } = this.#options;
    for (const name of this.#names) {
      const isOurs = this.#held.has(name) || this.#stopping.has(name);
      if (!isOurs && this.#leaders.leaderOf(name) === identity)
        await this.#leaders.write(name, '').catch((error: unknown) => this.#tell(error));
    }
  }

  #isFree(name: string, living: ReadonlyMap<string, string>): boolean {
    return !this.#held.has(name) && !this.#stopping.has(name) && !living.has(this.#leaders.leaderOf(name));
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
      const leader = this.#leaders.leaderOf(name);
      if (leader !== this.#options.identity) sharers.get(leader)?.add(name);
    }
    return sharers;
  }

  #isCalm(): boolean {
    const now = performance.now();
    if (now < this.#spreadsFrom || now - this.#calmSince < this.#options.timing.calm) return false;
    this.#calmSince = now;
    return true;
  }

  /** Whether it is ours now. @throws KubeError */
  async #take(name: string): Promise<boolean> {
    const { identity, onStarted } = this.#options;
    const before = this.#leaders.get(name);
    const leader = leaderOf(before);
    if (leader !== '' && leader !== identity && !(await this.#members.isDead(leader))) return false;
    if (!(await this.#leaders.write(name, identity, before))) return false;
    // Meanwhile we were told to stop, or lost our own sign of life.
    if (!this.isCertain || this.#isLeaving || !this.#names.has(name)) {
      await this.#leaders.write(name, '');
      return false;
    }
    this.#held.add(name);
    onStarted(name);
    return true;
  }

  /** Ends the work of a name and says that nobody leads it. Never rejects. */
  #release(name: string): Promise<void> {
    const stopped = this.#stop(name, false);
    const released = stopped.then(async () => {
      const lease = this.#leaders.get(name);
      if (!lease || leaderOf(lease) !== this.#options.identity) return;
      if (!this.#names.has(name)) await this.#leaders.remove(lease);
      else await this.#leaders.write(name, '', lease);
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

  /** Removes the Leases of what nobody is to lead any more; others than ours only while all that live agree on it. */
  async #sweepLeaders(living: ReadonlyMap<string, string>): Promise<void> {
    const isAgreed = [...living.values()].every((shares) => shares === this.#shares);
    for (const lease of this.#leaders.beside([...this.#names, ...this.#stopping.keys()])) {
      const leader = leaderOf(lease);
      const isOurs = leader === this.#options.identity;
      if (isOurs || (isAgreed && !living.has(leader))) await this.#leaders.remove(lease);
    }
  }

  #tell(error: unknown): void {
    this.#options.onError(`election: ${describeError(error)}`);
  }
}
