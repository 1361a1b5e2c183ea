import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Client } from '../../../kube/client.ts';
import { type Resource, tokenReviews } from '../../../kube/resources.ts';
import type { KubeObject } from '../../../kube/types.ts';
import type { User } from './user.ts';

interface TokenReview extends KubeObject {
  spec: { token: string };
  status?: { authenticated?: boolean; user?: Partial<User> };
}

/** How long an answer is believed, in milliseconds: the kubelet's two minutes, less when it was no. */
const knownFor = 120_000;
const unknownFor = 30_000;
const mostTokens = 4_096;
/** One line of a header; a token of a service account has about 1,200 characters. */
const longestToken = 16_384;

/** Knows bearer tokens by asking the upper cluster, which is the only one that can tell. */
export class Tokens {
  readonly #users: LRUCache<string, { user: User | undefined }, { token: string }>;

  constructor(upper: Client) {
    this.#users = new LRUCache({
      max: mostTokens,
      ttl: knownFor,
      fetchMethod: async (_key, _stale, { options, context }) => {
        const user = await review(upper, context.token);
        if (!user) options.ttl = unknownFor;
        return { user };
      },
    });
  }

  /** Whose token it is; undefined when nobody's. @throws KubeError when the upper cluster cannot be asked */
  async userOf(token: string): Promise<User | undefined> {
    if (token.length > longestToken) return undefined;
    // Hashed, so that a dump of our memory does not hand out what others sent us an hour ago.
    const key = createHash('sha256').update(token).digest('base64');
    return (await this.#users.fetch(key, { context: { token } }))?.user;
  }
}

async function review(upper: Client, token: string): Promise<User | undefined> {
  const review = await upper.create(
    tokenReviews as Resource<TokenReview>,
    { spec: { token } },
    { urgent: true },
  );
  const { authenticated, user } = review.status ?? {};
  if (authenticated !== true || !user?.username) return undefined;
  return { ...user, username: user.username, groups: user.groups ?? [] };
}
