import type { IncomingMessage, ServerResponse } from 'node:http';
import { answer, answerText } from './answer.ts';
import { serveHeap } from './heap.ts';
import { isLocal } from './local.ts';
import { CpuProfiler } from './profile.ts';
import { type ReadinessCheck, summarize } from './readiness.ts';

/** What the operations server shows. */
export interface OperationsSources {
  metrics: { text(): Promise<string>; readonly contentType: string };
  /** Asked at each request: virtual nodes come and go. */
  readiness: () => Iterable<ReadinessCheck>;
  /** `--enable-profiling`: also lets what is in memory be read, credentials included. */
  isHeapShown: boolean;
}

/** Answers one request whose path and method are right. */
export type Serve = (
  request: IncomingMessage,
  response: ServerResponse,
  query: URLSearchParams,
) => Promise<void> | void;

/** The answers by path. */
export function operationsRoutes({ metrics, readiness, isHeapShown }: OperationsSources): Map<string, Serve> {
  const profiler = new CpuProfiler();
  return new Map<string, Serve>([
    ['/metrics', async (_, response) => answer(response, 200, metrics.contentType, await metrics.text())],
    // Whoever gets this answer knows that the event loop turns; nothing else is mended by a restart.
    ['/healthz', (_, response) => answerText(response, 200, 'ok')],
    [
      '/readyz',
      (_, response) => {
        const { isReady, text } = summarize(readiness());
        answerText(response, isReady ? 200 : 503, text);
      },
    ],
    ['/debug/profile', local((...call) => profiler.serve(...call))],
    [
      '/debug/heap',
      local((_, response) => (isHeapShown ? serveHeap(response) : answerText(response, 403, closedHeap))),
    ],
  ]);
}

const closedHeap = 'memory holds credentials: start with --enable-profiling to let it be read';

function local(serve: Serve): Serve {
  return (request, response, query) => {
    if (isLocal(request)) return serve(request, response, query);
    answerText(response, 403, 'only from this machine; in a pod, use kubectl port-forward');
  };
}
