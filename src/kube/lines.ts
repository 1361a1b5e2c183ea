import { KubeError } from './errors.ts';

const newline = 0x0a;
/** In bytes. No object is longer than a few megabytes; what has no end would fill the memory of the process. */
const longest = 33_554_432;

/**
 * Splits a byte stream into its lines, in order and with backpressure; bytes after the last newline are dropped.
 *
 * @throws KubeError `ServerError` when a line is longer than 32 MiB
 */
export async function* lines(stream: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let rest: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream) {
    let start = 0;
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, start)) {
      const piece = chunk.subarray(start, end);
      yield rest.length === 0 ? piece.toString() : Buffer.concat([...rest, piece]).toString();
      rest = [];
      length = 0;
      start = end + 1;
    }
    if (start < chunk.length) rest.push(chunk.subarray(start));
    length += chunk.length - start;
    if (length > longest) throw new KubeError('ServerError', 'a line of the watch has no end');
  }
}
