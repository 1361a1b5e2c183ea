import type { Refusal } from '../faulty-proxy.ts';
import type { Fault } from './fault.ts';
import { lineNames, lineOf } from './lines.ts';

/** Of so many calls one at least is refused, whatever is drawn; who leads nothing writes nothing. */
const manyCalls = 20;

/** A proxy comes in between that answers a share of all calls itself. */
function refusing(kind: string, share: number, refusal: Refusal): Fault {
  return {
    kind,
    seconds: [5, 15],
    targets: lineNames,
    async begin(world, target) {
      const { cable, proxy } = lineOf(world, target);
      const before = { refused: proxy.refused, seen: proxy.seen };
      proxy.refuse(share, refusal);
      cable.divert({ host: '127.0.0.1', port: proxy.port });
      cable.cut();
      return {
        what: `${share * 100} % of the calls to ${target} get ${refusal.status}`,
        async end() {
          cable.divert();
          cable.cut();
          const seen = proxy.seen - before.seen;
          if (proxy.refused === before.refused && seen >= manyCalls)
            throw new Error(`of ${seen} calls to ${target} none was refused`);
        },
      };
    },
  };
}

/** The API server has too much to do, and says when to come back. */
export const tooMany = refusing('429', 0.5, { status: 429, reason: 'TooManyRequests', retryAfter: 1 });

/** The API server fails. */
export const internalErrors = refusing('500', 0.3, { status: 500, reason: 'InternalError' });

/** Somebody else was quicker, again and again; only writes can meet that. */
export const conflicts = refusing('409', 0.5, { status: 409, reason: 'Conflict', writesOnly: true });
