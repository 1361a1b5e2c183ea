import type { ObjectMeta, Pod, Secret } from '../kube/types.ts';
import { marks, type Owner, upperUidOf } from './marks.ts';
import { podNameAnnotation, tokenRefreshAnnotation } from './names.ts';
import { type TokenNeed, tokenSecretName } from './service-account.ts';

/** A token as TokenRequest answered; times in milliseconds since 1970. */
export interface MintedToken {
  need: TokenNeed;
  token: string;
  mintedAt: number;
  expiresAt: number;
}

/** The kubelet renews a token at four fifths of its life, and at the latest after a day (pkg/kubelet/token). */
const lifeUsed = 0.8;
const longestUse = 24 * 3_600_000;

/** The lower Secret that brings a pod's tokens. */
export function tokenSecret(upper: Pod, owner: Owner, tokens: readonly MintedToken[]): Secret {
  const { name = '', namespace = '', uid = '' } = upper.metadata ?? {};
  const ours = marks(owner, uid);
  const refreshAt = Math.min(...tokens.map(renewalOf));
  return {
    metadata: {
      name: tokenSecretName(uid),
      namespace,
      labels: ours.labels,
      annotations: {
        ...ours.annotations,
        [podNameAnnotation]: name,
        [tokenRefreshAnnotation]: new Date(refreshAt).toISOString(),
      },
    },
    type: 'Opaque',
    data: Object.fromEntries(
      tokens.map(({ need, token }) => [need.key, Buffer.from(token).toString('base64')]),
    ),
  };
}

/** The name of the pod whose tokens a lower Secret brings; undefined for any other Secret. */
export function podNameOf(secret: { metadata?: ObjectMeta }): string | undefined {
  const { name, annotations } = secret.metadata ?? {};
  return name === tokenSecretName(upperUidOf(secret) ?? '') ? annotations?.[podNameAnnotation] : undefined;
}

/** Milliseconds until the tokens of a Secret must be renewed; zero or less when they must be now. */
export function untilRefresh(secret: { metadata?: ObjectMeta }, now: number): number {
  const time = Date.parse(secret.metadata?.annotations?.[tokenRefreshAnnotation] ?? '');
  return Number.isNaN(time) ? 0 : time - now;
}

function renewalOf({ mintedAt, expiresAt }: MintedToken): number {
  return mintedAt + Math.min((expiresAt - mintedAt) * lifeUsed, longestUse);
}
