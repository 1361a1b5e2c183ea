import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { randomOf } from '../../../test/chaos/random.ts';
import { seedOfRun } from '../../../test/seed.ts';
import { Election } from './election.ts';
import { leaderOf } from './leases.ts';
import { type Fate, LeaseServer } from './test-leases.ts';
import { timingOf } from './timing.ts';

/** Two replicas are killed, stopped, cut off and made deaf; after that each name is led by who works for it. */

const timing = timingOf(600);
const names = ['a', 'b', 'c'];
const steps = 8;
const fates: readonly Fate[] = ['lost', 'refused', 'answer lost', 'silence'];

interface Replica {
  readonly identity: string;
  readonly election: Election;
  readonly work: Set<string>;
  isDead: boolean;
  isDeaf: boolean;
  stop(): Promise<void>;
}

/** What was wrong after a storm. */
async function storm(seed: number): Promise<string[]> {
  const random = randomOf(seed);
  const server = new LeaseServer();
  const all: Replica[] = [];
  const wrong: string[] = [];
  let share = 0;

  function start(): Replica {
    const identity = `r${all.length}`;
    const work = new Set<string>();
    const stopping = new AbortController();
    const fateOf = (): Fate => {
      if (replica.isDead) return 'lost';
      return random.next() < share ? random.pick(fates) : undefined;
    };
    const election = new Election({
      client: server.client(fateOf, () => replica.isDeaf),
      group: { namespace: 'n', name: 'g' },
      identity,
      onStarted(name) {
        for (const other of all)
          if (!other.isDead && other.work.has(name) && other.election.isCertain)
            wrong.push(`${seed}: ${name} has ${other.identity} and ${identity}`);
        work.add(name);
      },
      onStopped: async (name, { lost }) => {
        if (!lost) await sleep(random.next() * 100);
        work.delete(name);
      },
      onError: () => {},
      timing,
    });
    election.setNames(names);
    const replica: Replica = {
      identity,
      election,
      work,
      isDead: false,
      isDeaf: false,
      async stop() {
        stopping.abort();
        await running;
      },
    };
    const running = election.run(stopping.signal);
    all.push(replica);
    return replica;
  }

  let two = [start(), start()];
  const befall = async (victim: Replica) => {
    const what = random.pick(['killed', 'stopped', 'its Lease deleted', 'deaf']);
    if (what === 'its Lease deleted') server.remove(`isthmus-g-member-${victim.identity}`);
    victim.isDeaf = what === 'deaf';
    if (what !== 'killed' && what !== 'stopped') return;
    victim.isDead = what === 'killed';
    void victim.stop();
    await sleep(random.next() * 300);
    two = [...two.filter((one) => one !== victim), start()];
  };
  for (let step = 0; step < steps; step++) {
    share = random.next() < 0.6 ? random.next() / 2 : 0;
    await befall(random.pick(two));
    await sleep(random.next() * 1_000);
    for (const one of two) one.isDeaf = false;
  }
  share = 0;
  const end = performance.now() + 8 * timing.duration;
  const unserved = () =>
    names.filter((name) => {
      const leader = leaderOf(server.leases.get(`n/isthmus-g-leader-${name}`));
      return !two.some(({ identity, work }) => identity === leader && work.has(name));
    });
  while (unserved().length > 0 && performance.now() < end) await sleep(20);
  wrong.push(...unserved().map((name) => `${seed}: nobody works for ${name}`));
  await Promise.all(two.map((replica) => replica.stop()));
  return wrong;
}

test('after whatever befell the replicas, each name is led by one that works for it', {
  timeout: 60_000,
}, async () => {
  const first = seedOfRun();
  const count = Number(process.env['ISTHMUS_RUNS'] ?? 10);
  const storms = await Promise.all(Array.from({ length: count }, (_, index) => storm(first + index)));
  expect(storms.flat()).toEqual([]);
});
