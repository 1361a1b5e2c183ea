import { PassThrough } from 'node:stream';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Client } from '../../src/kube/client.ts';
import { loadConnection } from '../../src/kube/connection.ts';
import { Election } from '../../src/kube/election/election.ts';
import { timingOf } from '../../src/kube/election/timing.ts';
import { leases, namespaces } from '../../src/kube/resources.ts';
import { Transport } from '../../src/kube/transport.ts';
import { type Cable, layCable } from '../cable.ts';
import { eventually, openClusters } from '../clusters.ts';

const { upper } = openClusters();
const connection = loadConnection('upper', upper.kubeconfig);
const direct = new Client(new Transport(connection));
const namespace = `election-${Date.now().toString(36)}`;
const timing = timingOf(2_000);

interface Replica {
  readonly name: string;
  readonly election: Election;
  readonly cable: Cable;
  /** SIGTERM. */
  stop(): Promise<void>;
}

/** Who works for each name now. Two at once, at any time, is the failure this is all about. */
const atWork = new Map<string, string>();
const doubles: string[] = [];
let replicas: Replica[] = [];

beforeAll(() => direct.create(namespaces, { metadata: { name: namespace } }));
afterEach(async () => {
  await Promise.all(replicas.map((replica) => replica.stop()));
  await Promise.all(replicas.map(({ cable }) => cable.close()));
  replicas = [];
  atWork.clear();
  expect(doubles.splice(0)).toEqual([]);
});
afterAll(async () => {
  const { metadata } = await direct.get(namespaces, { name: namespace });
  await direct.delete(namespaces, { name: namespace }, { uid: metadata?.uid ?? '' });
  await direct.transport.close();
});

interface Odd {
  /** Its watch brings nothing after the first list. */
  readonly isDeaf?: boolean;
  /** Work that ends late, after so many milliseconds. */
  readonly slow?: Readonly<Record<string, number>>;
}

async function start(group: string, name: string, names: string[], odd: Odd = {}): Promise<Replica> {
  const cable = await layCable(connection);
  const client = new Client(new Transport(cable.connection));
  if (odd.isDeaf) client.watch = async (_resource, { signal }) => new PassThrough({ signal });
  const election = new Election({
    client,
    group: { namespace, name: group },
    identity: name,
    timing,
    onError: () => {},
    onStarted(work) {
      const other = atWork.get(work);
      if (other !== undefined) doubles.push(`${work}: ${other} and ${name}`);
      atWork.set(work, name);
    },
    onStopped: async (work) => {
      await new Promise((resolve) => setTimeout(resolve, odd.slow?.[work] ?? 100));
      if (atWork.get(work) === name) atWork.delete(work);
    },
  });
  election.setNames(names);
  const stopping = new AbortController();
  const running = election.run(stopping.signal);
  const replica = {
    name,
    election,
    cable,
    async stop() {
      stopping.abort();
      await running;
      await client.transport.close();
    },
  };
  replicas.push(replica);
  return replica;
}

const sizes = () => replicas.map(({ election }) => election.held.size).sort();
const settled = (...expected: number[]) => eventually(() => expect(sizes()).toEqual(expected));

describe('an election', () => {
  it('shares the names out, again when a replica comes, and when one goes', async () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    await start('shared', 'one', names);
    await settled(6);
    await start('shared', 'two', names);
    await settled(3, 3);
    const third = await start('shared', 'three', names);
    await settled(2, 2, 2);
    replicas = replicas.filter((replica) => replica !== third);
    await third.stop();
    const began = performance.now();
    await settled(3, 3);
    expect(performance.now() - began).toBeLessThan(1_000);
    await third.cable.close();
  });

  it('has no leader twice when one is cut off, and another soon', async () => {
    const lost = await start('cut', 'first', ['a']);
    await settled(1);
    const other = await start('cut', 'second', ['a']);
    lost.cable.hold();
    const began = performance.now();
    await eventually(() => expect(other.election.held.size).toBe(1));
    expect(performance.now() - began).toBeLessThan(timing.duration + 2_000);
    expect(lost.election.held.size).toBe(0);
    lost.cable.mend();
    // It comes back to life, and leaves the other be.
    await eventually(async () => {
      const { items } = await direct.list(leases, { namespace });
      const member = items.find(({ metadata }) => metadata?.name === 'isthmus-cut-member-first');
      expect(Date.now() - Date.parse(member?.spec?.renewTime ?? '')).toBeLessThan(1_000);
    });
    expect([lost.election.held.size, other.election.held.size]).toEqual([0, 1]);
  });

  it('takes what another leaves, though its watch has died and nobody was told', async () => {
    const names = ['a', 'b'];
    const leaving = await start('dead-watch', 'first', names);
    const other = await start('dead-watch', 'second', names);
    await settled(1, 1);
    // What was connected stays dead; new connections pass.
    other.cable.hold();
    other.cable.mend();
    replicas = [other];
    await leaving.stop();
    await eventually(() => expect(other.election.held.size).toBe(2), { within: 4 * timing.duration });
    await leaving.cable.close();
  });

  it('leaves no name to a replica that does not work for it, whatever becomes of its words', async () => {
    const names = ['a', 'b', 'c'];
    const first = await start('words', 'first', names);
    await settled(3);
    await start('words', 'second', names);
    const member = { namespace, name: 'isthmus-words-member-first' };
    // Its work is cut off again and again, and it comes back before it could be taken for dead.
    for (let turn = 0; turn < 3; turn++) {
      const { metadata } = await direct.get(leases, member);
      await direct.delete(leases, member, { uid: metadata?.uid ?? '' });
      await eventually(async () =>
        expect((await direct.get(leases, member)).metadata?.uid).not.toBe(metadata?.uid),
      );
      await settled(1, 2);
    }
    expect(first.election.held.size).toBeGreaterThan(0);
  });

  it('ends the work of a name that a person gives to somebody else', async () => {
    const replica = await start('taken', 'first', ['a']);
    await settled(1);
    const name = 'isthmus-taken-leader-a';
    // Nobody takes it for dead before it was silent for the whole duration.
    await direct.patch(leases, { namespace, name }, { spec: { holderIdentity: 'stranger' } });
    await eventually(() => expect(replica.election.held.size).toBe(0), { every: 20 });
    await eventually(() => expect(atWork.size).toBe(0), { every: 20 });
  });

  it('has a name back soon that a person gives to one who knows nothing of it', async () => {
    await start('strange', 'first', ['a']);
    await settled(1);
    await start('strange', 'second', []);
    const lease = { namespace, name: 'isthmus-strange-leader-a' };
    const before = await direct.get(leases, lease);
    await eventually(() => direct.get(leases, { namespace, name: 'isthmus-strange-member-second' }));
    await direct.patch(leases, lease, { spec: { holderIdentity: 'second' } });
    await eventually(async () => {
      const { metadata, spec } = await direct.get(leases, lease);
      expect(spec?.holderIdentity).toBe('first');
      expect(metadata?.uid).not.toBe(before.metadata?.uid);
    });
    await eventually(() => expect(atWork.get('a')).toBe('first'));
  });

  it('drops a name, and its Lease, when there is no such work any more', async () => {
    const replica = await start('dropped', 'first', ['a', 'b']);
    await settled(2);
    replica.election.setNames(['b']);
    await settled(1);
    await eventually(async () => {
      const { items } = await direct.list(leases, {
        namespace,
        labelSelector: 'isthmus.io/election=dropped',
      });
      expect(items.map(({ metadata }) => metadata?.name).sort()).toEqual([
        'isthmus-dropped-leader-b',
        'isthmus-dropped-member-first',
      ]);
    });
  });

  it('does not take a replica for dead that hears nothing of the others', { timeout: 60_000 }, async () => {
    const deaf = await start('deaf', 'first', ['a'], { isDeaf: true });
    await settled(1);
    const other = await start('deaf', 'second', ['a']);
    // Longer than what is left of dead replicas stays.
    const end = performance.now() + 7 * timing.duration;
    await eventually(
      () => {
        expect([deaf.election.held.size, other.election.held.size]).toEqual([1, 0]);
        expect(performance.now()).toBeGreaterThan(end);
      },
      { within: 8 * timing.duration },
    );
  });

  it('cuts the work off of a replica whose sign of life somebody deletes', async () => {
    await start('deleted', 'first', ['a']);
    await settled(1);
    await start('deleted', 'second', ['a']);
    const where = { namespace, name: 'isthmus-deleted-member-first' };
    const { metadata } = await direct.get(leases, where);
    await direct.delete(leases, where, { uid: metadata?.uid ?? '' });
    await eventually(async () =>
      expect((await direct.get(leases, where)).metadata?.uid).not.toBe(metadata?.uid),
    );
    await settled(0, 1);
  });

  it('does not let one name that ends late hold up the others of a replica that leaves', async () => {
    const names = ['a', 'b', 'c', 'd'];
    const leaving = await start('late', 'first', names, { slow: { a: 4_000 } });
    await settled(4);
    const other = await start('late', 'second', names);
    await settled(2, 2);
    const began = performance.now();
    const isLate = leaving.election.held.has('a');
    replicas = [other];
    const stopped = leaving.stop();
    await eventually(() => expect(other.election.held.size).toBeGreaterThanOrEqual(isLate ? 3 : 4), {
      every: 20,
    });
    expect(performance.now() - began).toBeLessThan(1_000);
    await stopped;
    await settled(4);
    await leaving.cable.close();
  });

  it('lets replicas that share other names be', async () => {
    await start('differ', 'first', []);
    await start('differ', 'second', ['a', 'b']);
    await settled(0, 2);
  });

  it('writes nothing but signs of life at rest', async () => {
    await start('rest', 'first', ['a']);
    await start('rest', 'second', ['b']);
    await settled(1, 1);
    const versions = async () => {
      const { items } = await direct.list(leases, {
        namespace,
        labelSelector: 'isthmus.io/election=rest,isthmus.io/election-role=leader',
      });
      return items.map(({ metadata }) => metadata?.resourceVersion);
    };
    const before = await versions();
    const renewTime = async () =>
      (await direct.get(leases, { namespace, name: 'isthmus-rest-member-first' })).spec?.renewTime;
    const first = await renewTime();
    await eventually(async () => expect(await renewTime()).not.toBe(first));
    expect(await versions()).toEqual(before);
  });
});
