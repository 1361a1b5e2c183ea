import { allCarried, carried, dropped, type Fates, refused, rewritten } from './fate.ts';

export const noClaims = 'resource claims cannot be carried to a lower cluster yet';
const fromClass = (kind: string) => dropped(`the lower API server computes it from the ${kind}`);
const account = rewritten('with `--service-account-mode=lower` carried, otherwise left out');
const mayBeForbidden = carried('unless `--refuse` forbids it');
const group = dropped('the group was placed together by the upper scheduler');

/** PodSpec. What is dropped here, specDown leaves out; what is refused, refusalOf refuses. */
export const podSpecFates: Fates = {
  ...allCarried(
    'dnsConfig',
    'hostAliases',
    'hostUsers',
    'hostname',
    'hostnameOverride',
    'os',
    'restartPolicy',
    'securityContext',
    'setHostnameAsFQDN',
    'shareProcessNamespace',
    'subdomain',
  ),
  activeDeadlineSeconds: carried('later changes follow'),
  affinity: rewritten('see Affinity'),
  automountServiceAccountToken: rewritten(
    'with `--service-account-mode=lower` carried, otherwise false: tokens come as volumes',
  ),
  containers: rewritten('see Container'),
  dnsPolicy: carried('names are looked up in the DNS of the lower cluster'),
  enableServiceLinks: carried('the variables are about services of the lower cluster'),
  ephemeralContainers: rewritten('added below as `kubectl debug` adds them above; see EphemeralContainer'),
  hostIPC: mayBeForbidden,
  hostNetwork: mayBeForbidden,
  hostPID: mayBeForbidden,
  imagePullSecrets: carried('the Secrets are copied'),
  initContainers: rewritten('see Container'),
  nodeName: dropped('the lower scheduler chooses; the downward API reads the virtual node'),
  nodeSelector: rewritten('speaks of virtual nodes and stays; that of `clusterSelector` comes instead'),
  overhead: fromClass('runtime class'),
  preemptionPolicy: fromClass('priority class'),
  priority: fromClass('priority class'),
  priorityClassName: carried('where the class is missing below the pod waits with LowerClusterRefused'),
  readinessGates: carried('their conditions travel both ways; the one that changed last counts'),
  resourceClaims: refused('ResourceClaimsNotSupported', noClaims),
  resources: carried('a resize follows'),
  runtimeClassName: carried('where the class is missing below the pod waits with LowerClusterRefused'),
  schedulerName: dropped('it chose the virtual node; below the default scheduler chooses'),
  schedulingGates: dropped('a pod that is bound has none left'),
  schedulingGroup: { ...group, since: 36 },
  serviceAccount: account,
  serviceAccountName: account,
  terminationGracePeriodSeconds: carried('a deletion brings its own grace period down'),
  tolerations: rewritten(
    'speak of virtual nodes and stay; those of `clusterSelector` come instead, later additions too',
  ),
  topologySpreadConstraints: rewritten('see TopologySpreadConstraint'),
  volumes: rewritten('see Volume'),
  workloadRef: { ...group, until: 35 },
};

const selector = rewritten(
  'without what the upper API server merged into it for label keys; the lower one merges them again',
);

/** Types below PodSpec that are about where a pod runs. */
export const schedulingFates = {
  Affinity: {
    nodeAffinity: rewritten('see NodeAffinity'),
    podAffinity: rewritten('see PodAffinityTerm'),
    podAntiAffinity: rewritten('see PodAffinityTerm'),
  },
  NodeAffinity: {
    preferredDuringSchedulingIgnoredDuringExecution: carried('unless `clusterSelector` has its own'),
    requiredDuringSchedulingIgnoredDuringExecution: rewritten(
      'speaks of virtual nodes and stays; that of `clusterSelector` comes instead',
    ),
  },
  PodAffinity: podAffinityFates(),
  PodAntiAffinity: podAffinityFates(),
  WeightedPodAffinityTerm: {
    podAffinityTerm: rewritten('see PodAffinityTerm'),
    weight: carried(),
  },
  PodAffinityTerm: {
    labelSelector: selector,
    ...allCarried('matchLabelKeys', 'mismatchLabelKeys', 'namespaceSelector', 'namespaces', 'topologyKey'),
  },
  TopologySpreadConstraint: {
    labelSelector: selector,
    ...allCarried(
      'matchLabelKeys',
      'maxSkew',
      'minDomains',
      'nodeAffinityPolicy',
      'nodeTaintsPolicy',
      'topologyKey',
      'whenUnsatisfiable',
    ),
  },
} satisfies Record<string, Fates>;

function podAffinityFates(): Fates {
  return {
    preferredDuringSchedulingIgnoredDuringExecution: rewritten('see PodAffinityTerm'),
    requiredDuringSchedulingIgnoredDuringExecution: rewritten('see PodAffinityTerm'),
  };
}
