import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { LowerCluster } from '../../clusters/lower-cluster.ts';
import { LeaseServer } from '../../kube/election/test-leases.ts';
import { transportTo } from '../../kube/election/test-transport.ts';
import { timingOf } from '../../kube/election/timing.ts';
import { createMetrics } from '../../metrics/metrics.ts';
import { Fleet, type FleetOptions, type Patience } from './fleet.ts';
import type { OpenCluster } from './open-cluster.ts';

const timing = timingOf(400);
const never = new Promise<never>(() => {});
let patience: Patience;
let server: LeaseServer;
let replicas: Replica[] = [];

type Open = NonNullable<FleetOptions['open']>;

interface Replica {
  readonly fleet: Fleet;
  readonly log: string[];
  readonly onGivenUp: ReturnType<typeof vi.fn>;
  /** How often the work was begun. */
  readonly open: ReturnType<typeof vi.fn<Open>>;
  /** The source names these nodes from now on. */
  take(...clusters: LowerCluster[]): void;
  stop(): Promise<void>;
}

beforeEach(() => {
  server = new LeaseServer();
  patience = { idle: 300, end: 300 };
});
afterEach(async () => {
  await Promise.all(replicas.splice(0).map((replica) => replica.stop()));
});

/** A virtual node at work. */
function atWork(odd: Partial<OpenCluster> = {}): OpenCluster {
  return {
    provider: { state: { watches: [], isInStep: true, lower: { reachable: true } } },
    broken: never,
    renewCredentials: () => {},
    stop: async () => {},
    close: async () => {},
    ...odd,
  };
}

function cluster(more: Partial<LowerCluster['configuration']> = {}): LowerCluster {
  const configuration = { name: 'a', nodeName: 'vk', ...more } as LowerCluster['configuration'];
  return { configuration, kubeconfig: { path: '' } };
}

/** A virtual node that has listed so many of nine kinds. */
function listing(listed: () => number): OpenCluster {
  const watch = (isSynced: boolean) => ({
    side: 'lower' as const,
    resource: 'pods',
    isSynced,
    failure: undefined,
  });
  return atWork({
    provider: {
      get state() {
        const watches = Array.from({ length: 9 }, (_, index) => watch(index < listed()));
        return { watches, isInStep: false, lower: { reachable: true as const } };
      },
    },
  });
}

/** A replica of which the node `vk` begins like this, each time one after the other and then always as the last. */
function start(identity: string, ...begins: Open[]): Replica {
  const log: string[] = [];
  const onGivenUp = vi.fn();
  const open = vi.fn<Open>(async (...given) => {
    const [begin = async () => atWork()] = begins.length > 1 ? begins.splice(0, 1) : begins;
    return begin(...given);
  });
  const changes = new EventEmitter();
  const fleet = new Fleet({
    source: {
      async run(onChange, signal) {
        const take = (clusters: LowerCluster[]) =>
          onChange(new Map(clusters.map((one) => [one.configuration.name, one])));
        changes.on('take', take);
        take([cluster()]);
        await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      },
    },
    upper: transportTo(server.client()),
    upperCluster: 'u',
    addresses: [],
    kubeletPort: 0,
    kubelet: {} as FleetOptions['kubelet'],
    refuse: [],
    podSyncWorkers: 1,
    startControllers: [],
    metricsFor: createMetrics('0').metricsFor,
    logger: pino({ level: 'info' }, { write: (line) => void log.push(line) }),
    election: { group: { namespace: 'n', name: 'g' }, identity, timing },
    endsOnFailure: false,
    onJoined: () => {},
    onGivenUp,
    open,
    patience,
  });
  const stopping = new AbortController();
  const running = fleet.run(stopping.signal);
  const replica = {
    fleet,
    log,
    onGivenUp,
    open,
    take: (...clusters: LowerCluster[]) => void changes.emit('take', clusters),
    async stop() {
      stopping.abort();
      await running;
    },
  };
  replicas.push(replica);
  return replica;
}

const isInStep = ({ fleet }: Replica) =>
  fleet.members().some(({ name, says }) => name === 'vk' && says === 'in step');
const said = ({ log }: Replica, what: string) => log.filter((line) => line.includes(what));
const until = (condition: () => boolean) => vi.waitUntil(condition, { timeout: 4_000 });

test('a replica that does not get to work gives the node up, says so once, and the other works for it', async () => {
  const stuck = start('stuck', () => never);
  await until(() => stuck.open.mock.calls.length > 0);
  const other = start('other');
  await until(() => isInStep(other));
  expect(stuck.onGivenUp).toHaveBeenCalledTimes(1);
  expect(said(stuck, 'gives up the virtual node')).toHaveLength(1);
  expect(stuck.fleet.members()).toEqual([]);
});

test('so does one that waits for a list for ever, but not while lists come', async () => {
  let listed = 0;
  const slow = start('slow', async () => listing(() => listed));
  await until(() => slow.open.mock.calls.length > 0);
  const other = start('other');
  const ticking = setInterval(() => {
    listed = Math.min(4, listed + 1);
  }, patience.idle / 2);
  await until(() => slow.onGivenUp.mock.calls.length > 0);
  clearInterval(ticking);
  expect(listed).toBe(4);
  await until(() => isInStep(other));
});

test('a node that was configured anew has all its time again', async () => {
  patience = { ...patience, idle: 1_000 };
  const replica = start(
    'one',
    async () => listing(() => 4),
    () => never,
  );
  await until(() => replica.open.mock.calls.length > 0);
  await sleep(700);
  replica.take(cluster({ namespace: 'other' }));
  const began = performance.now();
  await until(() => replica.onGivenUp.mock.calls.length > 0);
  expect(performance.now() - began).toBeGreaterThan(900);
});

test('alone, what does not move is begun anew', async () => {
  const replica = start(
    'alone',
    () => never,
    async () => atWork(),
  );
  await until(() => isInStep(replica));
  expect(replica.open).toHaveBeenCalledTimes(2);
  expect(replica.onGivenUp).toHaveBeenCalledTimes(1);
  expect(said(replica, 'begins the virtual node anew')).toHaveLength(1);
  expect(said(replica, 'gives up the virtual node')).toEqual([]);
});

test('a node that was removed and named again is begun anew as early as at first', async () => {
  patience = { ...patience, idle: 1_000 };
  const replica = start('alone', () => never);
  const begunAnew = () => said(replica, 'begins the virtual node anew');
  await until(() => begunAnew().length === 1);
  replica.take();
  replica.take(cluster());
  await until(() => begunAnew().length === 2);
  expect(begunAnew().map((line) => JSON.parse(line).seconds)).toEqual([1, 1]);
});

test('alone, what cannot be reached is not given up: it is tried again anyway', async () => {
  // Longer than the pause after a first failure.
  patience = { ...patience, idle: 1_500 };
  const replica = start('alone', async () => {
    throw new Error('nobody answers');
  });
  await until(() => replica.open.mock.calls.length > 1);
  expect(replica.onGivenUp).not.toHaveBeenCalled();
});

test('alone, an attempt that hangs after one that failed is begun anew', async () => {
  // Longer than the pause after a first failure.
  patience = { ...patience, idle: 1_500 };
  const fails: Open = async () => {
    throw new Error('nobody answers');
  };
  const replica = start(
    'alone',
    fails,
    () => never,
    async () => atWork(),
  );
  await until(() => isInStep(replica));
  expect(replica.open).toHaveBeenCalledTimes(3);
});

test('work that cannot begin is said and tried again', async () => {
  // Longer than the pause after a first failure.
  patience = { ...patience, idle: 1_500 };
  const closed = vi.fn();
  const broken = atWork({
    broken: Promise.resolve(new Error('a controller fell over')),
    close: async () => closed(),
  });
  const replica = start(
    'one',
    async () => broken,
    async () => atWork(),
  );
  await until(() => replica.open.mock.calls.length === 2 && isInStep(replica));
  expect(closed).toHaveBeenCalledTimes(1);
  expect(said(replica, 'a controller fell over')).toHaveLength(1);
});

test('work that cannot begin and does not end well either is not taken for work', async () => {
  const broken = atWork({
    broken: Promise.resolve(new Error('a controller fell over')),
    close: () => Promise.reject(new Error('it fell over')),
  });
  const replica = start(
    'one',
    async () => broken,
    () => never,
  );
  await until(() => replica.open.mock.calls.length === 2);
  expect(isInStep(replica)).toBe(false);
});

const badEnds: [string, () => Promise<void>][] = [
  ['never ends', () => never],
  [
    'ends with an error',
    async () => {
      throw new Error('it fell over');
    },
  ],
];

test.each(badEnds)('work that %s keeps no other from beginning, nor ourselves', async (_, stop) => {
  const first = start(
    'first',
    async () => atWork({ stop }),
    async () => atWork(),
  );
  await until(() => isInStep(first));
  // Its work is cut off, and it takes the node back.
  server.remove('isthmus-g-member-first');
  await until(() => first.open.mock.calls.length === 2 && isInStep(first));
  const other = start('other');
  replicas = [other];
  await first.stop();
  await until(() => isInStep(other));
});

test.each(badEnds)('work that %s is cut off before other work begins', async (_, end) => {
  const stop = vi.fn<OpenCluster['stop']>(end);
  const isCutOff = () => stop.mock.calls.some(([how]) => how?.lost);
  const wasCutOff = vi.fn<(was: boolean) => void>();
  const replica = start(
    'one',
    async () => atWork({ stop }),
    async () => {
      wasCutOff(isCutOff());
      return atWork();
    },
  );
  await until(() => isInStep(replica));
  replica.take(cluster({ namespace: 'other' }));
  await until(() => replica.open.mock.calls.length === 2);
  expect(wasCutOff).toHaveBeenCalledWith(true);
});
