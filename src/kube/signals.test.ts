import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { linkSignals } from './signals.ts';

test('aborts with any of its parents', () => {
  const [first, second] = [new AbortController(), new AbortController()];
  const link = linkSignals(first.signal, undefined, second.signal);
  expect(link.signal.aborted).toBe(false);
  second.abort();
  expect(link.signal.aborted).toBe(true);
  expect(first.signal.aborted).toBe(false);
});

test('is aborted from the beginning by a parent that was', () => {
  expect(linkSignals(AbortSignal.abort()).signal.aborted).toBe(true);
});

test('aborts alone', () => {
  const parent = new AbortController();
  const link = linkSignals(parent.signal);
  link.abort();
  expect(link.signal.aborted).toBe(true);
  expect(parent.signal.aborted).toBe(false);
});

test('is no leak to Node, however many there are at once', async () => {
  const warnings: string[] = [];
  const listen = (warning: Error) => warnings.push(warning.message);
  process.on('warning', listen);
  const { signal } = new AbortController();
  for (let i = 0; i < 50; i++) linkSignals(signal);
  await new Promise((done) => setImmediate(done));
  process.off('warning', listen);
  expect(warnings).toEqual([]);
});

test('leaves nothing on its parents once released', () => {
  const { signal } = new AbortController();
  const links = Array.from({ length: 100 }, () => linkSignals(signal));
  expect(getEventListeners(signal, 'abort')).toHaveLength(100);
  for (const link of links) link.release();
  expect(getEventListeners(signal, 'abort')).toHaveLength(0);
});
