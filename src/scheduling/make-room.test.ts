import { describe, expect, test, vi } from 'vitest';
import { explain, fits } from './fit.ts';
import { type Movable, makeRoom, type Room } from './make-room.ts';
import type { Picture } from './picture.ts';
import type { Search } from './search.ts';
import { asking, node, pictureOf, pod, podOn } from './test-pictures.ts';

const cpu = (cores: number) => asking({ cpu: `${cores}` });
const large = pod('large', cpu(3));

interface Asked {
  there?: Picture;
  mostMoves?: number;
  taken?: ReadonlySet<string>;
}

/** Asks for room in the cluster `here`; every pod that is named may be moved, to `there` as well. */
function search(
  here: Picture,
  sizes: Readonly<Record<string, number>>,
  { there, mostMoves = 4, taken = new Set() }: Asked = {},
): Search<Room> {
  const movable = (key: string): Movable | undefined => {
    const name = key.split('/')[1] ?? '';
    const cores = sizes[name];
    if (cores === undefined) return undefined;
    const same = pod(name, cpu(cores));
    return { here: same, elsewhere: new Map(there ? [['there', same]] : []) };
  };
  const others = there ? [{ name: 'there', picture: there }] : [];
  return makeRoom({ pod: large, place: { name: 'here', picture: here }, others, movable, taken, mostMoves });
}

/** Tells of each pause. */
function ask(
  here: Picture,
  sizes: Readonly<Record<string, number>>,
  asked?: Asked,
  onPause = () => {},
): Room | undefined {
  for (const looking = search(here, sizes, asked); ; onPause()) {
    const { done, value } = looking.next();
    if (done) return value;
  }
}

describe('room is made', () => {
  test('by one small pod that has another node', () => {
    const here = pictureOf([node('x'), node('y')], [podOn('x', 'a', cpu(2)), podOn('y', 'b', cpu(2))]);
    expect(ask(here, { a: 2, b: 2 })).toEqual({ nodeName: 'x', moves: [{ key: 'default/a', to: 'here' }] });
  });

  test('with the fewest moves, wherever they are', () => {
    const here = pictureOf(
      [node('x'), node('y'), node('z')],
      [
        ...['a', 'b', 'c'].map((name) => podOn('x', name, cpu(1))),
        podOn('y', 'd', cpu(2)),
        podOn('y', 'e', cpu(1)),
        podOn('z', 'native', cpu(2)),
      ],
    );
    const room = ask(here, { a: 1, b: 1, c: 1, d: 2, e: 1 });
    expect(room).toEqual({ nodeName: 'y', moves: [{ key: 'default/d', to: 'here' }] });
  });

  test('by a pod that goes to another cluster', () => {
    const here = pictureOf([node('x')], [podOn('x', 'a', cpu(2))]);
    expect(ask(here, { a: 2 })).toBeUndefined();
    const there = pictureOf([node('t')], [podOn('t', 'other', cpu(2))]);
    expect(ask(here, { a: 2 }, { there })?.moves).toEqual([{ key: 'default/a', to: 'there' }]);
  });
});

describe('no room is made', () => {
  test('where it is being made for another', () => {
    const here = pictureOf([node('x'), node('y')], [podOn('x', 'a', cpu(2)), podOn('y', 'b', cpu(2))]);
    const room = ask(here, { a: 2, b: 2 }, { taken: new Set(['x']) });
    expect(room?.nodeName).toBe('y');
    expect(ask(here, { a: 2, b: 2 }, { taken: new Set(['x', 'y']) })).toBeUndefined();
  });

  const two = () => pictureOf([node('x'), node('y')], [podOn('x', 'a', cpu(2)), podOn('y', 'b', cpu(2))]);

  test('by pods that may not be moved', () => expect(ask(two(), {})).toBeUndefined());

  test('when those that make way have no place', () => {
    const here = pictureOf([node('x'), node('y')], [podOn('x', 'a', cpu(2)), podOn('y', 'b', cpu(3))]);
    expect(ask(here, { a: 2 })).toBeUndefined();
  });

  test('when two of them would take the same place', () => {
    const here = pictureOf(
      [node('x'), node('y')],
      [...['a', 'b'].map((name) => podOn('x', name, cpu(2))), podOn('y', 'native', cpu(2))],
    );
    expect(ask(here, { a: 2, b: 2 })).toBeUndefined();
  });

  test('where there is room already', () => {
    const here = pictureOf([node('x'), node('y')], [podOn('x', 'a', cpu(1)), podOn('y', 'b', cpu(1))]);
    expect(ask(here, { a: 1, b: 1 })).toBeUndefined();
  });

  test('by more moves than are worth it', () => {
    const here = pictureOf(
      [node('x')],
      ['a', 'b', 'c', 'd'].map((name) => podOn('x', name, cpu(1))),
    );
    const there = pictureOf([node('t')]);
    const sizes = { a: 1, b: 1, c: 1, d: 1 };
    expect(ask(here, sizes, { there, mostMoves: 2 })).toBeUndefined();
    expect(ask(here, sizes, { there, mostMoves: 3 })?.moves.length).toBe(3);
  });
});

describe('who is on the way to a cluster has a place there', () => {
  const coming = pod('coming', cpu(2));
  const nodes = ['x', 'y'].map((name) => node(name));
  const small = [podOn('x', 'a', cpu(2)), podOn('y', 'b', cpu(2))];

  test('that is not given to who makes way', () => {
    const here = pictureOf(nodes, small);
    here.hold('default/coming', coming);
    expect(ask(here, { a: 2, b: 2 })).toBeUndefined();
    here.release('default/coming');
    expect(ask(here, { a: 2, b: 2 })).toBeDefined();
  });

  test('in other clusters, too', () => {
    const here = pictureOf([node('x')], [podOn('x', 'a', cpu(2))]);
    const there = pictureOf([node('t', { allocatable: { cpu: '3' } })]);
    there.hold('default/coming', coming);
    expect(ask(here, { a: 2 }, { there })).toBeUndefined();
  });

  test('and takes no more than that', () => {
    const here = pictureOf([...nodes, node('z')], [...small, podOn('z', 'native', cpu(2))]);
    here.hold('default/coming', coming);
    expect(ask(here, { a: 2, b: 2 })).toBeDefined();
  });

  test('unless it is the pod itself', () => {
    const here = pictureOf(nodes, [podOn('x', 'a', cpu(2)), podOn('y', 'native', cpu(1))]);
    here.hold('default/large', large);
    expect(ask(here, { a: 2 })?.moves).toHaveLength(1);
    here.hold('default/coming', pod('coming', cpu(3)));
    expect(ask(here, { a: 2 })).toBeUndefined();
  });

  test('and with a crowd on its way nobody knows', () => {
    const allocatable = { pods: '1000' };
    const here = pictureOf([node('x', { allocatable }), node('y', { allocatable })], small);
    for (let index = 0; index < 101; index++) here.hold(`default/p${index}`, pod(`p${index}`));
    expect(ask(here, { a: 2, b: 2 })).toBeUndefined();
    here.release('default/p0');
    expect(ask(here, { a: 2, b: 2 })).toBeDefined();
  });
});

test('what was tried leaves no trace', () => {
  const here = pictureOf([node('x'), node('y')], [podOn('x', 'a', cpu(2)), podOn('y', 'b', cpu(2))]);
  const there = pictureOf([node('t')]);
  here.hold('default/large', large);
  here.hold('default/other', pod('other', cpu(1)));
  there.hold('default/third', pod('third', cpu(1)));
  const said = () =>
    [here, there].map((one) => [explain(one, pod('p', cpu(2.5))), one.held(), fits(one, large)]);
  const before = said();
  ask(here, { a: 2, b: 2 }, { there });
  ask(here, { a: 2 }, { there });
  expect(said()).toEqual(before);
});

test('nor does it in pauses, and what happened meanwhile counts', () => {
  const names = Array.from({ length: 25 }, (_, index) => `n${index}`);
  const here = pictureOf(
    names.map((name) => node(name)),
    names.map((name) => podOn(name, `on-${name}`, cpu(2.5))),
  );
  here.hold('default/other', pod('other', cpu(1)));
  const sizes = Object.fromEntries(names.map((name) => [`on-${name}`, 2.5]));
  const said = () => JSON.stringify([[...explain(here, pod('p', cpu(1.5))).reasons], here.held()]);
  const before = said();
  const pauses: string[] = [];
  expect(ask(here, sizes, {}, () => void pauses.push(said()))).toBeUndefined();
  expect(pauses).toEqual([before, before]);
  const come = () => here.applyNode(node('new', { allocatable: { cpu: '3.6' } }));
  expect(ask(here, sizes, {}, come)).toMatchObject({ moves: [{ to: 'here' }] });
});

test('a pod that would fit nowhere for a reason of its own is not tried on nodes', () => {
  const here = pictureOf([node('x')], [podOn('x', 'a', cpu(2))]);
  const volumes = [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }];
  const claiming = pod('large', { ...cpu(3), volumes });
  const movable = vi.fn(() => undefined);
  const place = { name: 'here', picture: here };
  const question = { place, others: [], movable, taken: new Set<string>(), mostMoves: 4 };
  expect(makeRoom({ ...question, pod: large }).next()).toEqual({ done: true, value: undefined });
  expect(movable).toHaveBeenCalledTimes(1);
  expect(makeRoom({ ...question, pod: claiming }).next()).toEqual({ done: true, value: undefined });
  expect(movable).toHaveBeenCalledTimes(1);
});
