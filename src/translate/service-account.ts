import type { Container, Pod, PodSpec, Volume } from '../kube/types.ts';
import { isTokenVolume } from './token-volume.ts';
import { mapContainers, mapSources, mapVolumes } from './walk-spec.ts';

/**
 * Whose service account a container below acts as: the upper pod's own, against the upper API server; the lower
 * one of the same name, against the lower API server; or nobody's.
 */
export const serviceAccountModes = ['upper', 'lower', 'none'] as const;
export type ServiceAccountMode = (typeof serviceAccountModes)[number];

/** Where containers below reach the upper API server. */
export interface ApiAddress {
  readonly host: string;
  readonly port: string;
  /** Where it answers on port 443, for who asks for it by the name that it has above; undefined for nobody. */
  readonly alias?: string;
}

/** One token that a pod mounts, and the key of the lower Secret that brings it. */
export interface TokenNeed {
  readonly key: string;
  /** Empty means the API server itself. */
  readonly audience: string;
  readonly expirationSeconds: number;
}

/** As the API defaults it (`ServiceAccountTokenProjection.expirationSeconds`). */
const defaultExpirationSeconds = 3_600;

/** Every token that the pod's projected volumes ask for. */
export function tokenNeeds(pod: Pod): TokenNeed[] {
  return (pod.spec?.volumes ?? []).flatMap((volume) =>
    (volume.projected?.sources ?? []).flatMap(({ serviceAccountToken }, index) =>
      serviceAccountToken
        ? {
            key: tokenKey(volume.name, index),
            audience: serviceAccountToken.audience ?? '',
            expirationSeconds: serviceAccountToken.expirationSeconds ?? defaultExpirationSeconds,
          }
        : [],
    ),
  );
}

/** The name of the lower Secret with a pod's tokens; its uid keeps it apart from everything else. */
export function tokenSecretName(podUid: string): string {
  return `isthmus-tokens-${podUid}`;
}

/** Whether a lower pod mounts the tokens that were minted for it. */
export function mountsTokens(lower: Pod, podUid: string): boolean {
  const name = tokenSecretName(podUid);
  return (lower.spec?.volumes ?? []).some((volume) =>
    volume.projected?.sources?.some((source) => source.secret?.name === name),
  );
}

/** The spec with service account and tokens as the mode says. */
export function serviceAccountDown(
  spec: PodSpec,
  podUid: string,
  mode: ServiceAccountMode,
  upperApi: ApiAddress,
): PodSpec {
  if (mode === 'lower') return mapVolumes(spec, (volume) => (isTokenVolume(volume) ? undefined : volume));
  const { serviceAccount: _account, serviceAccountName: _name, ...rest } = spec;
  const anonymous: PodSpec = { ...rest, automountServiceAccountToken: false };
  if (mode === 'none') return mapVolumes(anonymous, (volume) => (isTokenVolume(volume) ? undefined : volume));
  const withTokens = mapVolumes(anonymous, (volume) => fromSecret(volume, tokenSecretName(podUid)));
  return withUpperName(
    mapContainers(withTokens, (container) => towardsUpperApi(container, upperApi)),
    upperApi,
  );
}

/** The names of the API server that every certificate of one has. */
const apiNames = ['kubernetes.default.svc', 'kubernetes.default', 'kubernetes.default.svc.cluster.local'];

/** By its usual name a pod finds the lower API server, unless its own /etc/hosts says otherwise. */
function withUpperName(spec: PodSpec, { alias }: ApiAddress): PodSpec {
  if (alias === undefined) return spec;
  return { ...spec, hostAliases: [...(spec.hostAliases ?? []), { ip: alias, hostnames: apiNames }] };
}

function tokenKey(volumeName: string, index: number): string {
  return `${volumeName}.${index}`;
}

function fromSecret(volume: Volume, name: string): Volume {
  return mapSources(volume, (source, index) =>
    source.serviceAccountToken
      ? {
          secret: {
            name,
            items: [{ key: tokenKey(volume.name, index), path: source.serviceAccountToken.path }],
          },
        }
      : source,
  );
}

/**
 * Client libraries find the API server by these variables. The kubelet sets them for the lower cluster
 * (pkg/kubelet/envvars); the container's own come before those, and what the user set before ours.
 */
function towardsUpperApi(container: Container, { host, port }: ApiAddress): Container {
  const own = new Set((container.env ?? []).map(({ name }) => name));
  const ours = [
    { name: 'KUBERNETES_SERVICE_HOST', value: host },
    { name: 'KUBERNETES_SERVICE_PORT', value: port },
    { name: 'KUBERNETES_SERVICE_PORT_HTTPS', value: port },
  ].filter(({ name }) => !own.has(name));
  return { ...container, env: [...ours, ...(container.env ?? [])] };
}
