import { once } from 'node:events';
import { createServer, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { BodyRoom } from './body-room.ts';
import { readBody } from './read-body.ts';

let close: () => void = () => {};

afterEach(() => close());

/** A server that reads bodies of at most 100 bytes, of at most 150 together, and says what became of each. */
async function start(within?: number) {
  const room = new BodyRoom(150);
  const server = createServer((incoming, response) => {
    const limits = { mostBytes: 100, room, ...(within === undefined ? {} : { within }) };
    void readBody(incoming, limits).then((body) => {
      if (!response.destroyed) response.end(typeof body === 'string' ? body : `${body.status}`);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  close = () => {
    server.close();
    server.closeAllConnections();
  };
  const { port } = server.address() as AddressInfo;
  return () => {
    const call = request({ host: '127.0.0.1', port, method: 'POST', agent: false });
    call.on('error', () => {});
    return call;
  };
}

async function answerTo(call: ReturnType<typeof request>): Promise<string> {
  const [response] = (await once(call, 'response')) as [IncomingMessage];
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += chunk;
  return text;
}

test('a body comes whole, however it is cut', async () => {
  const call = (await start())();
  call.write('one ');
  call.write(Buffer.from('tw\u00f6').subarray(0, 3));
  call.end(Buffer.from('tw\u00f6').subarray(3));
  expect(await answerTo(call)).toBe('one tw\u00f6');
});

test('of bodies that come at once those are refused for which there is no room, and then there is room again', async () => {
  const open = await start();
  const [first, second] = [open(), open()];
  first.write('x'.repeat(90));
  await new Promise((resolve) => setTimeout(resolve, 100));
  second.write('x'.repeat(90));
  expect(await answerTo(second)).toBe('503');
  first.end('y');
  expect(await answerTo(first)).toHaveLength(91);
  for (let times = 0; times < 5; times++) {
    const next = open();
    next.end('z'.repeat(100));
    expect(await answerTo(next)).toHaveLength(100);
  }
});

test('what is broken off, late or too long gives its room back', async () => {
  const open = await start(200);
  const [broken, late, long] = [open(), open(), open()];
  broken.write('x'.repeat(90));
  await new Promise((resolve) => setTimeout(resolve, 50));
  broken.destroy();
  await new Promise((resolve) => setTimeout(resolve, 50));
  late.write('x'.repeat(90));
  expect(await answerTo(late)).toBe('408');
  long.write('x'.repeat(101));
  expect(await answerTo(long)).toBe('413');
  const next = open();
  next.end('z'.repeat(100));
  expect(await answerTo(next)).toHaveLength(100);
});
