import { expect, test } from 'vitest';
import { KubeError } from '../kube/errors.ts';
import type { Watches } from '../kube/watches.ts';
import { type ControllerParts, runController } from './run-controller.ts';

/** What the log has by the time a controller has begun, or has not. */
async function logged(parts: Partial<ControllerParts>, synced: Promise<unknown> = Promise.resolve()) {
  const lines: string[] = [];
  const line = (level: string) => (about: object, text: string) =>
    void lines.push(`${level} ${(about as { message: string }).message}; ${text}`);
  const watches = {
    synced,
    run: async () => {},
    states: () => [],
    reconnect: () => {},
  } as unknown as Watches;
  const controller = runController({
    name: 'tests',
    shared: watches,
    lower: watches,
    queues: [{ start: () => lines.push('started'), stop: async () => {} }],
    addEverything: () => {},
    release: () => {},
    logger: { debug: line('debug'), error: line('error') } as unknown as ControllerParts['logger'],
    ...parts,
  });
  await new Promise(setImmediate);
  await controller.stop();
  return lines;
}

test('begins when all is known', async () => {
  expect(await logged({})).toEqual(['started']);
});

test('that was stopped before is no news', async () => {
  const stopped = Promise.reject(new KubeError('Aborted', 'stopped before the first list'));
  expect(await logged({}, stopped)).toEqual([expect.stringMatching(/^debug stopped before/)]);
});

test.each(['onKnown', 'addEverything'])('whose %s fails says that it does not work', async (part) => {
  const fails = () => {
    throw new TypeError('a slip');
  };
  expect(await logged({ [part]: fails })).toEqual([expect.stringMatching(/^error a slip; tests/)]);
});
