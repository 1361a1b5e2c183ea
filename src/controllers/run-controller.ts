import type { Controller } from '../clusters/controller.ts';
import { statesBySide } from '../clusters/sided-watches.ts';
import { describeError, hasCode } from '../kube/errors.ts';
import type { Logger } from '../kube/logger.ts';
import type { Watches } from '../kube/watches.ts';
import type { WorkQueue } from '../kube/work-queue.ts';

/** What a controller of one virtual node is made of; nothing of it is at work yet. */
export interface ControllerParts {
  /** For the log, such as `services`. */
  readonly name: string;
  /** What is watched above for other virtual nodes, too, by whoever shares it. */
  readonly shared: Watches;
  /** What is watched above for this virtual node alone. */
  readonly upper?: Watches;
  readonly lower: Watches;
  /** Watched below besides; nothing waits for it, and nobody asks how it stands. */
  readonly news?: Pick<Watches, 'run' | 'reconnect'>;
  readonly queues: readonly Pick<WorkQueue, 'start' | 'stop'>[];
  /** Puts every key on its queue. */
  addEverything(): void;
  /** Told before work begins that everything is known. */
  onKnown?(): void;
  /** Lets go of what others use too. */
  release(): void;
  readonly also?: Pick<Controller, 'refusalOf' | 'lost'>;
  readonly logger: Pick<Logger, 'debug' | 'error'>;
}

/** Sets a controller to work: its queues begin once everything is known, with every key. */
export function runController(parts: ControllerParts): Controller {
  const { shared, lower, news, queues } = parts;
  const upper = parts.upper ? [parts.upper] : [];
  const own = [...upper, lower];
  const stopping = new AbortController();
  const running = [...own, ...(news ? [news] : [])].map((one) => one.run(stopping.signal));
  const begin = async () => {
    await Promise.all([shared, ...own].map(({ synced }) => synced));
    if (stopping.signal.aborted) return;
    parts.onKnown?.();
    parts.addEverything();
    for (const queue of queues) queue.start();
  };
  begin().catch((error: unknown) => {
    const message = describeError(error);
    if (stopping.signal.aborted || hasCode(error, 'Aborted'))
      parts.logger.debug({ message }, `${parts.name}: stopped before all was known`);
    else parts.logger.error({ message }, `${parts.name}: the controller cannot begin, and does nothing`);
  });
  return {
    ...parts.also,
    get watches() {
      return statesBySide({ upper: [shared, ...upper], lower: [lower] });
    },
    reconnect() {
      lower.reconnect();
      news?.reconnect();
      parts.addEverything();
    },
    async stop() {
      parts.release();
      await Promise.all(queues.map((queue) => queue.stop()));
      stopping.abort();
      await Promise.all(running);
    },
  };
}
