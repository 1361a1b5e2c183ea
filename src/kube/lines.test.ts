import { Readable } from 'node:stream';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { lines } from './lines.ts';

async function collect(chunks: Iterable<Buffer>): Promise<string[]> {
  const all: string[] = [];
  for await (const line of lines(Readable.from(chunks, { objectMode: false }))) all.push(line);
  return all;
}

/** Cuts bytes at any places, in the middle of characters too. */
function cut(bytes: Buffer, places: number[]): Buffer[] {
  const ends = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  return [...ends, bytes.length].map((end, i) => bytes.subarray(ends[i - 1] ?? 0, end));
}

test('finds the same lines however the bytes are cut', async () => {
  const line = fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll('\n', ' '));
  await fc.assert(
    fc.asyncProperty(fc.array(line), fc.array(fc.nat()), async (expected, places) => {
      const bytes = Buffer.from(expected.map((text) => `${text}\n`).join(''));
      expect(await collect(cut(bytes, places))).toEqual(expected);
    }),
  );
});

test('drops what has no newline, for it may be half of an object', async () => {
  expect(await collect([Buffer.from('whole\nha'), Buffer.from('lf')])).toEqual(['whole']);
  expect(await collect([])).toEqual([]);
});

test('joins a line of many chunks in linear time', async () => {
  const chunk = Buffer.alloc(1_000, 'x');
  const chunks = function* () {
    for (let i = 0; i < 20_000; i++) yield chunk;
    yield Buffer.from('\n');
  };
  const began = performance.now();
  const [only] = await collect(chunks());
  expect(only).toHaveLength(20_000_000);
  expect(performance.now() - began).toBeLessThan(2_000);
});

test('takes no more from the stream than its reader asks for', async () => {
  let taken = 0;
  const source = async function* () {
    for (;;) {
      taken += 1;
      yield Buffer.from('line\n');
    }
  };
  const reader = lines(source());
  await reader.next();
  await reader.next();
  expect(taken).toBeLessThanOrEqual(2);
  await reader.return(undefined);
});

test('ends the stream when its reader leaves, and passes errors on', async () => {
  const stream = Readable.from([Buffer.from('a\nb\n')]);
  for await (const _ of lines(stream)) break;
  expect(stream.destroyed).toBe(true);

  const broken = async function* () {
    yield Buffer.from('a\nb');
    throw new Error('cut');
  };
  const seen: string[] = [];
  await expect(async () => {
    for await (const line of lines(broken())) seen.push(line);
  }).rejects.toThrow('cut');
  expect(seen).toEqual(['a']);
});

test('gives up a line without end, however many came before it', async () => {
  const chunk = Buffer.alloc(1_048_576, 'x');
  let read = 0;
  const endless = function* () {
    for (let i = 0; i < 40; i++) yield Buffer.concat([chunk, Buffer.from('\n')]);
    for (; ; read++) yield chunk;
  };
  await expect(collect(endless())).rejects.toThrow('a line of the watch has no end');
  expect(read).toBeLessThan(40);
});
