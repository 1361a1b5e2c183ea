import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Election } from './election.ts';
import { leaderOf } from './leases.ts';
import { type Fate, type FateOf, LeaseServer } from './test-leases.ts';
import { timingOf } from './timing.ts';

/** Whatever befalls a replica, each name has a leader soon who works for it: none is left to one that does not. */

const timing = timingOf(400);
const names = ['a', 'b', 'c'];
let server: LeaseServer;
let replicas: Replica[] = [];
/** Names that somebody began to work for while somebody else was certain that they are his. */
const doubles: string[] = [];

interface Replica {
  readonly identity: string;
  readonly election: Election;
  /** What becomes of its calls from now on. */
  fateOf: FateOf;
  /** Whether nothing comes any more on the watches that it has now. */
  isDeaf: boolean;
  readonly atWork: Set<string>;
  /** How often work of it was cut off. */
  cutOff: number;
  stop(): Promise<void>;
}

beforeEach(() => {
  server = new LeaseServer();
});
afterEach(async () => {
  await Promise.all(replicas.splice(0).map((replica) => replica.stop()));
  expect(doubles.splice(0)).toEqual([]);
});

function start(identity: string, { fateOf = () => undefined }: { fateOf?: FateOf } = {}): Replica {
  const stopping = new AbortController();
  const atWork = new Set<string>();
  const election = new Election({
    client: server.client(
      (...call) => replica.fateOf(...call),
      () => replica.isDeaf,
    ),
    group: { namespace: 'n', name: 'g' },
    identity,
    onStarted(name) {
      for (const other of replicas)
        if (other.atWork.has(name)) doubles.push(`${name}: ${other.identity} and ${identity}`);
      atWork.add(name);
    },
    onStopped: async (name, { lost }) => {
      atWork.delete(name);
      if (lost) replica.cutOff += 1;
    },
    onError: () => {},
    timing,
  });
  const replica: Replica = {
    identity,
    election,
    fateOf,
    isDeaf: false,
    atWork,
    cutOff: 0,
    async stop() {
      stopping.abort();
      await running;
    },
  };
  election.setNames(names);
  const running = election.run(stopping.signal);
  replicas.push(replica);
  return replica;
}

/** The names of which the Lease names a replica that works for it. */
const served = () =>
  names.filter((name) => {
    const leader = leaderOf(server.leases.get(`n/isthmus-g-leader-${name}`));
    return replicas.find(({ identity }) => identity === leader)?.atWork.has(name);
  });

const sizes = () => replicas.map(({ atWork }) => atWork.size);

/** Each name is served, and the shares are these. */
const untilServed = (...shares: number[]) =>
  vi.waitFor(
    () => {
      expect(served()).toEqual(names);
      if (shares.length > 0) expect(sizes()).toEqual(shares);
    },
    { timeout: 8 * timing.duration, interval: 20 },
  );

/** One call that gives a name up meets this fate. */
function once(fate: Fate, which: (...call: Parameters<FateOf>) => boolean): FateOf {
  let isOver = false;
  return (...call) => {
    if (isOver || !which(...call)) return undefined;
    isOver = true;
    return fate;
  };
}

const givesUp: Parameters<typeof once>[1] = (verb, lease) =>
  verb === 'replace' && lease?.spec?.holderIdentity === '';

test.each<Fate>(['lost', 'refused', 'answer lost', 'silence'])(
  'a name given up, of which the word is %s, is taken by the other',
  async (fate) => {
    const first = start('first');
    await untilServed(3);
    first.fateOf = once(fate, givesUp);
    start('second');
    await untilServed(2, 1);
  },
);

test('a name that is ours by its Lease alone, and too many, is left to the other', async () => {
  const first = start('first');
  await untilServed(3);
  start('second');
  await vi.waitUntil(() => server.leases.has('n/isthmus-g-member-second'));
  // All of its work is cut off, and it is back before anybody could take it for dead.
  server.remove('isthmus-g-member-first');
  await vi.waitUntil(() => first.cutOff === 3);
  await untilServed(2, 1);
});

test('a replica that begins just when somebody deletes the sign of life of a leader waits all the same', async () => {
  const first = start('first');
  await untilServed(3);
  server.remove('isthmus-g-member-first');
  start('second');
  await vi.waitUntil(() => first.cutOff > 0);
  await untilServed();
});

test('a name that was taken, of which no word came back, is served', async () => {
  const [first] = [start('first')];
  await untilServed(3);
  const second = start('second', {
    fateOf: once(
      'answer lost',
      (verb, lease) => verb === 'replace' && lease?.spec?.holderIdentity === 'second',
    ),
  });
  await untilServed(2, 1);
  expect(first.atWork.size + second.atWork.size).toBe(3);
});

test('a replica that hears nothing any more takes what the other gives up', async () => {
  const first = start('first');
  await untilServed(3);
  const second = start('second', { fateOf: (verb) => (verb === 'watch' ? 'lost' : undefined) });
  await vi.waitUntil(() => server.leases.has('n/isthmus-g-member-second'));
  // Its connection is half open: calls make new ones, and the watch that is there brings nothing.
  second.isDeaf = true;
  second.fateOf = () => undefined;
  await vi.waitUntil(() => first.atWork.size < 3);
  second.isDeaf = false;
  await untilServed(2, 1);
});

test('a replica that cannot list the Leases has no share', async () => {
  const asked = vi.fn();
  const isBlind: FateOf = (verb) => {
    if (verb !== 'list') return undefined;
    asked();
    return 'lost';
  };
  start('blind', { fateOf: isBlind });
  await vi.waitUntil(() => asked.mock.calls.length > 2);
  start('first');
  await untilServed(0, 3);
});

test('what a replica lives for and cannot take is taken by another, once for a long time', async () => {
  const refused = vi.fn();
  start('feeble', {
    fateOf: (verb, lease) => {
      if (verb === 'list' || lease?.metadata?.name?.includes('member')) return undefined;
      refused();
      return 'refused';
    },
  });
  await vi.waitUntil(() => refused.mock.calls.length > 0);
  const first = start('first');
  await untilServed(0, 3);
  const end = performance.now() + 5 * timing.calm;
  await vi.waitUntil(() => performance.now() > end || first.atWork.size < 3, { timeout: 9 * timing.calm });
  expect(sizes()).toEqual([0, 3]);
});

test('what a replica gives up because it cannot work for it is taken by the other, though that has its share', async () => {
  const [first, second] = [start('first'), start('second')];
  await vi.waitFor(() => expect(sizes().sort()).toEqual([1, 2]));
  const [few, many] = first.atWork.size === 1 ? [first, second] : [second, first];
  const [name = ''] = few.atWork;
  few.election.giveUp(name);
  await vi.waitUntil(() => many.atWork.has(name), { timeout: 4 * timing.duration });
  await untilServed();
  expect(few.election.isAlone).toBe(false);
});

test('what a replica gives up that is alone it takes back at once', async () => {
  const first = start('first');
  await untilServed(3);
  expect(first.election.isAlone).toBe(true);
  first.election.giveUp('a');
  expect(first.atWork.has('a')).toBe(false);
  await vi.waitUntil(() => first.atWork.has('a'), { timeout: timing.duration });
});

test('a replica goes on though the Lease of a dead one cannot be removed: nobody answers', async () => {
  const first = start('first');
  await untilServed(3);
  const dead = start('dead');
  await untilServed(2, 1);
  dead.fateOf = () => 'lost';
  const asked = vi.fn();
  first.fateOf = (verb, lease) => {
    if (verb !== 'delete' || !lease?.metadata?.name?.includes('member-dead')) return undefined;
    asked();
    return 'silence';
  };
  await vi.waitUntil(() => asked.mock.calls.length > 0, { timeout: 10 * timing.duration });
  const third = start('third');
  await vi.waitUntil(() => third.atWork.size > 0, { timeout: 4 * timing.duration });
  replicas = [first, third];
  await untilServed();
  await dead.stop();
});
