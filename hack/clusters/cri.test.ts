import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Http2Server } from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { podIds, stopAllPods, textField } from './cri.ts';

/** A pod as the runtime lists it: id, a message (metadata), a number (state), a nested map entry (labels). */
function pod(id: string): Buffer {
  const metadata = Buffer.concat([Buffer.from([0x12, 5]), textField(1, 'web')]);
  const state = Buffer.from([0x18, 1]);
  const createdAt = Buffer.from([0x20, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]);
  const message = Buffer.concat([textField(1, id), metadata, state, createdAt]);
  return Buffer.concat([Buffer.from([0x0a, message.length]), message]);
}

function framed(message: Buffer): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

describe('podIds', () => {
  it('finds the ids among the other fields', () => {
    expect(podIds(Buffer.concat([pod('abc'), pod('def')]))).toEqual(['abc', 'def']);
    expect(podIds(Buffer.alloc(0))).toEqual([]);
  });

  it('reads messages longer than 127 bytes', () => {
    const text = 'x'.repeat(300);
    const message = Buffer.concat([textField(1, 'abc'), Buffer.from([0x12, 0xac, 0x02]), Buffer.from(text)]);
    const item = Buffer.concat([
      Buffer.from([0x0a, (message.length & 127) | 128, message.length >> 7]),
      message,
    ]);
    expect(podIds(Buffer.concat([item, pod('def')]))).toEqual(['abc', 'def']);
  });
});

describe('stopAllPods', () => {
  let folder: string;
  let server: Http2Server;
  let calls: string[];
  let refused: string | undefined;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'cri-'));
    calls = [];
    refused = undefined;
    server = createServer((request, response) => {
      const method = request.url.split('/').pop() ?? '';
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        calls.push(`${method} ${Buffer.concat(chunks).subarray(7).toString()}`.trim());
        response.writeHead(200, { 'content-type': 'application/grpc' });
        const bad = method === refused;
        response.addTrailers(
          bad ? { 'grpc-status': '5', 'grpc-message': 'no such pod' } : { 'grpc-status': '0' },
        );
        response.end(bad ? '' : framed(method === 'ListPodSandbox' ? pod('abc') : Buffer.alloc(0)));
      });
    });
    await new Promise<void>((resolve) => server.listen(join(folder, 'socket'), resolve));
  });
  afterEach(() => {
    server.close();
    rmSync(folder, { recursive: true });
  });

  it('stops and then removes each pod', async () => {
    await stopAllPods(join(folder, 'socket'));
    expect(calls).toEqual(['ListPodSandbox', 'StopPodSandbox abc', 'RemovePodSandbox abc']);
  });

  it('says what the runtime refuses', async () => {
    refused = 'StopPodSandbox';
    await expect(stopAllPods(join(folder, 'socket'))).rejects.toThrow('StopPodSandbox: no such pod');
  });

  it('fails when nobody listens', async () => {
    await expect(stopAllPods(join(folder, 'nobody'))).rejects.toThrow('ENOENT');
  });
});
