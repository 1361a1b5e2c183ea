import { PassThrough, Writable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { gather } from './gather.ts';

/** What was written, by the calls that wrote it. */
function sink(): { writes: string[]; to: Writable } {
  const writes: string[] = [];
  const to = new Writable({
    write(chunk: Buffer, _encoding, done) {
      writes.push(chunk.toString());
      done();
    },
    writev(chunks, done) {
      writes.push(chunks.map(({ chunk }) => String(chunk)).join(''));
      done();
    },
  });
  return { writes, to };
}

it('what comes at once is written as one, and what comes later later', async () => {
  const from = new PassThrough();
  const { writes, to } = sink();
  gather(from, to);
  from.pipe(to);
  for (const piece of ['a', 'b', 'c']) from.write(piece);
  await turn();
  await turn();
  expect(writes).toEqual(['abc']);
  from.write('d');
  await turn();
  await turn();
  expect(writes).toEqual(['abc', 'd']);
});

it('the end does not wait, and comes last', async () => {
  const from = new PassThrough();
  const { writes, to } = sink();
  gather(from, to);
  from.pipe(to);
  from.write('a');
  from.end('b');
  await new Promise((resolve) => to.once('finish', resolve));
  expect(writes.join('')).toBe('ab');
});

it('nothing is asked of a side that is gone', async () => {
  const from = new PassThrough();
  const { writes, to } = sink();
  gather(from, to);
  to.destroy();
  from.write('a');
  await turn();
  expect(writes).toEqual([]);
});
