import type { ControllerContext } from '../clusters/controller.ts';
import { retryLog } from '../kube/retry-log.ts';
import { WorkQueue, type WorkQueueOptions } from '../kube/work-queue.ts';

/** The queue of one kind of object of a virtual node: it is counted under this name, and failures are in the log. */
export function controllerQueue(
  { metrics, logger }: Pick<ControllerContext, 'metrics' | 'logger'>,
  kind: string,
  workers: number,
  reconcile: WorkQueueOptions['reconcile'],
): WorkQueue {
  return new WorkQueue({
    workers,
    reconcile,
    onError: retryLog(logger, kind),
    observer: metrics?.queue(kind),
  });
}
