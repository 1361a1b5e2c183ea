import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import tls from 'node:tls';

/** What became of bytes that were sent: an answer with a status, or the end of the connection. */
export interface Ending {
  /** Undefined when the connection was closed without an answer. */
  readonly status: number | undefined;
  readonly text: string;
}

/** Everything is answered or closed within so many milliseconds, on a machine that has much else to do. */
const longestWait = 20_000;

/** A connection on which anything is written, whole or not. A new one is made when the last was closed. */
export class Line {
  readonly #port: number;
  readonly #tls: tls.ConnectionOptions | undefined;
  #socket: Socket | undefined;

  constructor(port: number, options: tls.ConnectionOptions | undefined) {
    this.#port = port;
    this.#tls = options;
  }

  /**
   * Writes, and resolves with the first answer that is whole.
   *
   * @param isCut whether this side then says that nothing more comes, and waits for the end of the connection
   * @throws when neither an answer nor the end comes in time
   */
  async exchange(bytes: string | Buffer, { isCut = false, method = '', parts = 1 } = {}): Promise<Ending> {
    const socket = this.#socket ?? this.#dial();
    this.#socket = undefined;
    const ending = endOf(socket, isCut ? undefined : method);
    await writeIn(parts, socket, typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes);
    if (isCut) socket.end();
    const { status, text } = await ending;
    const isOver = isCut || status === undefined || status === 101 || method === 'HEAD';
    if (isOver || /^connection: *close/im.test(text)) socket.destroy();
    else this.#socket = socket;
    return { status, text };
  }

  close(): void {
    this.#socket?.destroy();
    this.#socket = undefined;
  }

  #dial(): Socket {
    const where = { port: this.#port, host: '127.0.0.1' };
    const socket = this.#tls
      ? tls.connect({ ...where, rejectUnauthorized: false, ...this.#tls })
      : connect(where);
    return socket.on('error', () => {});
  }
}

/** In so many parts, with a moment between them. */
async function writeIn(parts: number, socket: Socket, bytes: Buffer): Promise<void> {
  const length = Math.ceil(bytes.length / parts);
  for (let part = 0; part < parts; part++) {
    if (part > 0) await sleep(10);
    socket.write(bytes.subarray(part * length, (part + 1) * length));
  }
}

function endOf(socket: Socket, method: string | undefined): Promise<Ending> {
  return new Promise((resolve, reject) => {
    let text = '';
    const settle = () => {
      clearTimeout(timer);
      socket.off('data', take).off('close', closed);
    };
    const timer = setTimeout(() => {
      settle();
      socket.destroy();
      reject(new Error(`neither an answer nor the end came; only ${JSON.stringify(text.slice(0, 200))}`));
    }, longestWait);
    const take = (chunk: Buffer) => {
      text += chunk.toString('latin1');
      const status = method === undefined ? undefined : statusOf(text, method);
      if (status === undefined) return;
      settle();
      resolve({ status, text: withoutContinue(text) });
    };
    const closed = () => {
      settle();
      text = withoutContinue(text);
      resolve({ status: Number(/^HTTP\/1.1 (\d{3})/.exec(text)?.[1]) || undefined, text });
    };
    if (socket.destroyed) closed();
    else socket.on('data', take).once('close', closed);
  });
}

/** The status of an answer that is whole; undefined when more of it is to come. */
function statusOf(text: string, method: string): number | undefined {
  const rest = withoutContinue(text);
  const end = rest.indexOf('\r\n\r\n');
  const [, status] = /^HTTP\/1.1 (\d{3})/.exec(rest) ?? [];
  if (end < 0 || status === undefined) return undefined;
  const head = rest.slice(0, end);
  const body = rest.slice(end + 4);
  const length = /^content-length: *(\d+)/im.exec(head)?.[1];
  const isWhole =
    status === '101' ||
    method === 'HEAD' ||
    (length === undefined
      ? /^transfer-encoding: *chunked/im.test(head) && body.endsWith('0\r\n\r\n')
      : body.length >= Number(length));
  return isWhole ? Number(status) : undefined;
}

/** A server that is told to expect more says first that it does. */
function withoutContinue(text: string): string {
  return text.replace(/^(HTTP\/1.1 100 Continue\r\n\r\n)+/, '');
}
