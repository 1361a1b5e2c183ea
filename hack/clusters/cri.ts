import { connect as connectHttp2, constants } from 'node:http2';
import { connect as connectSocket } from 'node:net';

/**
 * As much of the container runtime interface as stopping pods takes: gRPC is HTTP/2 with five bytes before each
 * message, and these messages hold one text. There is no client for it among Debian's packages.
 */
export async function stopAllPods(socket: string): Promise<void> {
  const list = await call(socket, 'ListPodSandbox', Buffer.alloc(0));
  const stop = async (id: string) => {
    await call(socket, 'StopPodSandbox', textField(1, id));
    await call(socket, 'RemovePodSandbox', textField(1, id));
  };
  const results = await Promise.allSettled(podIds(list).map(stop));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
}

/** The ids in a ListPodSandboxResponse: field 1 of each of the messages that are its field 1. */
export function podIds(message: Buffer): string[] {
  return fields(message)
    .filter(({ number }) => number === 1)
    .flatMap(({ bytes }) => fields(bytes).filter(({ number }) => number === 1))
    .map(({ bytes }) => bytes.toString('utf8'));
}

/** A message with a single text field. */
export function textField(number: number, text: string): Buffer {
  const bytes = Buffer.from(text);
  if (number > 15 || bytes.length > 127) throw new Error('only short fields are needed here');
  return Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes]);
}

function fields(message: Buffer): { number: number; bytes: Buffer }[] {
  const found: { number: number; bytes: Buffer }[] = [];
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = message[at++] ?? 0;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < message.length) {
    const tag = varint();
    const kind = tag & 7;
    const length = kind === 2 ? varint() : kind === 1 ? 8 : kind === 5 ? 4 : 0;
    if (kind === 0) varint();
    if (kind === 2) found.push({ number: tag >>> 3, bytes: message.subarray(at, at + length) });
    at += length;
  }
  return found;
}

function call(socket: string, method: string, message: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const session = connectHttp2('http://localhost', { createConnection: () => connectSocket(socket) });
    const finish = (error: Error | undefined, answer?: Buffer) => {
      session.destroy();
      if (error) reject(error);
      else resolve(answer ?? Buffer.alloc(0));
    };
    session.on('error', finish);
    const stream = session.request({
      [constants.HTTP2_HEADER_METHOD]: 'POST',
      [constants.HTTP2_HEADER_PATH]: `/runtime.v1.RuntimeService/${method}`,
      [constants.HTTP2_HEADER_CONTENT_TYPE]: 'application/grpc',
      te: 'trailers',
    });
    const chunks: Buffer[] = [];
    let status: string | undefined;
    const note = (headers: { 'grpc-status'?: unknown; 'grpc-message'?: unknown }) => {
      if (headers['grpc-status'] === undefined) return;
      status = headers['grpc-status'] === '0' ? '' : `${method}: ${headers['grpc-message']}`;
    };
    stream.on('response', note).on('trailers', note).on('error', finish);
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => finish(status ? new Error(status) : undefined, Buffer.concat(chunks).subarray(5)));
    stream.setTimeout(30_000, () => finish(new Error(`${method}: the container runtime does not answer`)));
    const prefix = Buffer.alloc(5);
    prefix.writeUInt32BE(message.length, 1);
    stream.end(Buffer.concat([prefix, message]));
  });
}
