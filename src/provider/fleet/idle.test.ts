import { expect, test } from 'vitest';
import { IdleNodes } from './idle.ts';

const waiting = (steps = 0) => ({ isAtWork: false, steps });
const atWork = { isAtWork: true, steps: 9 };

test('what is at work is never idle', () => {
  const nodes = new IdleNodes(60);
  for (let now = 0; now < 500; now += 10) expect(nodes.look('a', atWork, now)).toBeUndefined();
});

test('what takes no step for too long is idle, each by its own time', () => {
  const nodes = new IdleNodes(60);
  expect(nodes.look('a', waiting(), 0)).toBeUndefined();
  expect(nodes.look('b', waiting(), 50)).toBeUndefined();
  expect(nodes.look('a', waiting(), 59)).toBeUndefined();
  expect(nodes.look('a', waiting(), 60)).toBe(60);
  expect(nodes.look('b', waiting(), 61)).toBeUndefined();
});

test('each step gives it its time anew, and so does another beginning', () => {
  const nodes = new IdleNodes(60);
  for (const [steps, now] of [
    [0, 0],
    [1, 50],
    [2, 100],
    [2, 159],
  ] as const)
    expect(nodes.look('a', waiting(steps), now)).toBeUndefined();
  nodes.left('a');
  expect(nodes.look('a', waiting(2), 170)).toBeUndefined();
  expect(nodes.look('a', waiting(2), 229)).toBeUndefined();
  expect(nodes.look('a', waiting(2), 230)).toBe(60);
});

test('a start that breaks again and again takes no step, however far each attempt gets', () => {
  const nodes = new IdleNodes(60);
  for (let now = 0; now < 60; now += 20) {
    expect(nodes.look('a', waiting(0), now)).toBeUndefined();
    expect(nodes.look('a', waiting(3), now + 10)).toBeUndefined();
  }
  expect(nodes.look('a', waiting(0), 80)).toBe(70);
});

test('work that ended is idle as well', () => {
  const nodes = new IdleNodes(60);
  nodes.look('a', atWork, 1_000);
  expect(nodes.look('a', waiting(), 1_010)).toBeUndefined();
  expect(nodes.look('a', waiting(), 1_070)).toBe(60);
});

test('what is idle again and again is passed on more and more seldom, until it was at work', () => {
  const nodes = new IdleNodes(60);
  const untilIdle = (from: number) => {
    for (let now = from; ; now += 10) {
      const idle = nodes.look('a', waiting(), now);
      if (idle !== undefined) return idle;
    }
  };
  expect([0, 1_000, 2_000, 3_000, 4_000, 6_000].map(untilIdle)).toEqual([60, 120, 240, 480, 960, 960]);
  nodes.look('a', atWork, 9_000);
  expect(untilIdle(9_100)).toBe(60);
});

test('what nobody wants any more is forgotten, and how often it was idle', () => {
  const nodes = new IdleNodes(60);
  nodes.look('a', waiting(), 0);
  expect(nodes.look('a', waiting(), 60)).toBe(60);
  nodes.forget('a');
  nodes.look('a', waiting(), 100);
  expect(nodes.look('a', waiting(), 160)).toBe(60);
});
