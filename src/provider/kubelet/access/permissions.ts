import { LRUCache } from 'lru-cache';
import type { Client } from '../../../kube/client.ts';
import { type Resource, subjectAccessReviews } from '../../../kube/resources.ts';
import type { KubeObject } from '../../../kube/types.ts';
import type { User } from './user.ts';

/** What somebody wants to do with a subresource of the node. */
export interface Attempt {
  user: User;
  verb: string;
  subresource: string;
}

interface SubjectAccessReview extends KubeObject {
  spec: {
    user: string;
    uid?: string;
    groups: string[];
    extra?: Record<string, string[]>;
    resourceAttributes: {
      verb: string;
      group: string;
      version: string;
      resource: string;
      subresource: string;
      name: string;
    };
  };
  status?: { allowed?: boolean };
}

/** How long an answer is believed, in milliseconds; the kubelet's times. */
const allowedFor = 300_000;
const deniedFor = 30_000;
const mostAnswers = 4_096;

/** Knows who may do what with the node, by asking the upper cluster. */
export class Permissions {
  readonly #answers: LRUCache<string, { allowed: boolean }, Attempt>;

  constructor(upper: Client, nodeName: string) {
    this.#answers = new LRUCache({
      max: mostAnswers,
      ttl: allowedFor,
      fetchMethod: async (_key, _stale, { options, context }) => {
        const allowed = await review(upper, nodeName, context);
        if (!allowed) options.ttl = deniedFor;
        return { allowed };
      },
    });
  }

  /** Whether the attempt is allowed. @throws KubeError when the upper cluster cannot be asked */
  async allow(attempt: Attempt): Promise<boolean> {
    const { user, verb, subresource } = attempt;
    const { username, uid, groups, extra } = user;
    const key = JSON.stringify([username, uid, groups, extra, verb, subresource]);
    const answer = await this.#answers.fetch(key, { context: attempt });
    return answer?.allowed === true;
  }
}

async function review(upper: Client, name: string, { user, verb, subresource }: Attempt): Promise<boolean> {
  const { username, ...rest } = user;
  const resourceAttributes = { verb, group: '', version: 'v1', resource: 'nodes', subresource, name };
  const answer = await upper.create(
    subjectAccessReviews as Resource<SubjectAccessReview>,
    { spec: { ...rest, user: username, resourceAttributes } },
    { urgent: true },
  );
  return answer.status?.allowed === true;
}
