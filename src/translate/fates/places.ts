import type { Container, PodSpec } from '../../kube/types.ts';

/** Where in a pod's spec some fields of a type can stand, and where they are then found below. */
interface Place {
  put: (fields: object) => object;
  get: (below: PodSpec) => object | undefined;
}

type Affinity = NonNullable<PodSpec['affinity']>;

const required = 'requiredDuringSchedulingIgnoredDuringExecution';
const preferred = 'preferredDuringSchedulingIgnoredDuringExecution';

const inContainer = (
  put: (fields: object) => object,
  get: (container: Container) => object | undefined,
): Place => ({
  put: (fields) => ({ containers: [{ name: 'main', image: 'i', ...put(fields) }] }),
  get: (below) => below.containers[0] && get(below.containers[0]),
});

const inAffinity = (
  put: (fields: object) => object,
  get: (affinity: Affinity) => object | undefined,
): Place => ({
  put: (fields) => ({ affinity: put(fields) }),
  get: (below) => get(below.affinity ?? {}),
});

/** For the tests of the table: a place for each type that has fates of its own. */
export const places: Readonly<Record<string, Place>> = {
  PodSpec: { put: (fields) => fields, get: (below) => below },
  Container: inContainer(
    (fields) => fields,
    (container) => container,
  ),
  EphemeralContainer: {
    put: (fields) => ({ ephemeralContainers: [{ name: 'debug', ...fields }] }),
    get: (below) => below.ephemeralContainers?.[0],
  },
  EnvVar: inContainer(
    (fields) => ({ env: [{ name: 'X', ...fields }] }),
    ({ env }) => env?.at(-1),
  ),
  EnvVarSource: inContainer(
    (valueFrom) => ({ env: [{ name: 'X', valueFrom }] }),
    ({ env }) => env?.at(-1)?.valueFrom,
  ),
  EnvFromSource: inContainer(
    (fields) => ({ envFrom: [fields] }),
    ({ envFrom }) => envFrom?.[0],
  ),
  ResourceRequirements: inContainer(
    (resources) => ({ resources }),
    ({ resources }) => resources,
  ),
  Volume: {
    put: (fields) => ({ volumes: [{ name: 'v', ...fields }] }),
    get: (below) => below.volumes?.[0],
  },
  ProjectedVolumeSource: {
    put: (projected) => ({ volumes: [{ name: 'v', projected }] }),
    get: (below) => below.volumes?.[0]?.projected,
  },
  VolumeProjection: {
    put: (source) => ({ volumes: [{ name: 'v', projected: { sources: [source] } }] }),
    get: (below) => below.volumes?.[0]?.projected?.sources?.[0],
  },
  TopologySpreadConstraint: {
    put: (fields) => ({ topologySpreadConstraints: [fields] }),
    get: (below) => below.topologySpreadConstraints?.[0],
  },
  Affinity: inAffinity(
    (fields) => fields,
    (affinity) => affinity,
  ),
  NodeAffinity: inAffinity(
    (nodeAffinity) => ({ nodeAffinity }),
    ({ nodeAffinity }) => nodeAffinity ?? {},
  ),
  PodAffinity: inAffinity(
    (podAffinity) => ({ podAffinity }),
    ({ podAffinity }) => podAffinity,
  ),
  PodAntiAffinity: inAffinity(
    (podAntiAffinity) => ({ podAntiAffinity }),
    ({ podAntiAffinity }) => podAntiAffinity,
  ),
  WeightedPodAffinityTerm: inAffinity(
    (fields) => ({ podAffinity: { [preferred]: [{ podAffinityTerm: {}, ...fields }] } }),
    ({ podAffinity }) => podAffinity?.[preferred]?.[0],
  ),
  PodAffinityTerm: inAffinity(
    (term) => ({ podAntiAffinity: { [required]: [term] } }),
    ({ podAntiAffinity }) => podAntiAffinity?.[required]?.[0],
  ),
};
