import type { IncomingMessage } from 'node:http';

/** A pod has at most 1.5 MB (etcd's limit), and 5,000 nodes have names. */
const mostBytes = 10 * 1_048_576;

/** The body of a call, or why it was not read to its end. */
export async function readBody(request: IncomingMessage): Promise<{ text: string } | { problem: string }> {
  const problem = { problem: `the body has more than ${mostBytes} bytes` };
  if (Number(request.headers['content-length'] ?? 0) > mostBytes) return problem;
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > mostBytes) return problem;
      chunks.push(chunk);
    }
  } catch {
    return { problem: 'the body ended before its time' };
  }
  return { text: Buffer.concat(chunks).toString() };
}
