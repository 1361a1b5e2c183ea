import type { Found } from './compare.ts';

/** A difference that stays, and why. docs/pods.md tells users of it. */
export interface Difference {
  /** Such as `status conditions Ready reason`, `spec containers NAME image`, `log CONTAINER env/NAME`. */
  readonly path: RegExp;
  /** Of the case; any by default. */
  readonly pod?: RegExp;
  /** What it is directly and through the virtual node; where there is nothing, the empty text. */
  readonly direct?: RegExp;
  readonly virtual?: RegExp;
  readonly why: string;
}

const nothing = /^$/;
const apiAddress = 'KUBERNETES_SERVICE_(HOST|PORT|PORT_HTTPS)';
const container = '(containers|initContainers|ephemeralContainers)';

/** What a user or a container can notice. */
const noticeable: readonly Difference[] = [
  {
    path: new RegExp(`^log .+ env/${apiAddress}$`),
    why: "a container's API server is the upper one",
  },
  {
    path: /^log .+ env\/NEIGHBOUR_/,
    virtual: /^$|^(tcp:\/\/)?[\d.]+(:80)?$/,
    why: 'a Service has another address in each cluster, and the first pods of a namespace may come before it',
  },
  {
    path: /^log main file\/\/m\/token\/.+\/token$/,
    pod: /^token-(mode|of-user)$/,
    direct: /^-rw-(r-----|------) 1000 /,
    virtual: /^-rw-r--r-- 0 /,
    why: "a token's file has the mode of its volume, whoever the container runs as",
  },
  {
    path: /^log main content\/\/m\/all\/.*annotations$/,
    pod: /^downward$/,
    virtual: /isthmus\.io\/upper-uid/,
    why: 'all annotations listed at once are those of the lower pod, with our notes among them',
  },
  {
    path: /^annotations isthmus\.io\/lower-pod$/,
    direct: nothing,
    virtual: /^<uid>\/<lower uid>$/,
    why: 'the note of which pod below is this one',
  },
  {
    path: /^annotations clusterSelector$/,
    direct: nothing,
    why: 'scheduling fields for the lower cluster are written there',
  },
  {
    path: /^status conditions PodScheduled (type|status|lastProbeTime|lastTransitionTime)$/,
    pod: /^(strict-groups|apparmor-absent|sysctl-refused)$/,
    direct: nothing,
    why: 'a kubelet that refuses a pod takes all conditions away; that of the upper scheduler stays',
  },
  {
    path: /^status containerStatuses main state waiting message$/,
    pod: /^root-refused$/,
    virtual: /<lower uid>/,
    why: "the lower kubelet's words name the lower pod",
  },
  {
    path: /^(status (conditions|hostIPs?|podIPs?|startTime|observedGeneration)\b|spec )/,
    pod: /^no-map$/,
    virtual: nothing,
    why: 'a pod goes down when the objects that it names are there; until then it has no address',
  },
];

/** What only somebody sees who looks into the lower cluster. */
const below: readonly Difference[] = [
  {
    path: new RegExp(`^spec ${container} \\S+ env ${apiAddress} (name|value)$`),
    direct: nothing,
    why: 'the way to the upper API server',
  },
  {
    path: new RegExp(`^spec ${container} \\S+ env order$`),
    virtual: /^KUBERNETES_SERVICE_HOST KUBERNETES_SERVICE_PORT KUBERNETES_SERVICE_PORT_HTTPS\b/,
    why: 'the way to the upper API server comes first',
  },
  {
    path: / fieldRef fieldPath$/,
    direct: /^metadata\.uid$/,
    virtual: /^metadata\.annotations\['isthmus\.io\/upper-uid'\]$/,
    why: 'it reads as above',
  },
  {
    path: / fieldRef fieldPath$/,
    direct: /^spec\.nodeName$/,
    virtual: /^metadata\.annotations\['isthmus\.io\/virtual-node'\]$/,
    why: 'it reads as above',
  },
  {
    path: /^spec containers main env ACCOUNT (value|valueFrom fieldRef (apiVersion|fieldPath))$/,
    pod: /^env-field/,
    why: 'it reads as above, where the service account is',
  },
  {
    path: /^spec (serviceAccount|serviceAccountName)$/,
    virtual: /^default$/,
    why: 'the service account is an upper one',
  },
  {
    path: /^spec automountServiceAccountToken$/,
    virtual: /^false$/,
    why: 'tokens of the upper service account come as volumes',
  },
  {
    path: /^spec volumes \S+ projected sources \d+ serviceAccountToken (path|audience|expirationSeconds)$/,
    virtual: nothing,
    why: 'the token is minted above',
  },
  {
    path: /^spec volumes \S+ projected sources \d+ secret (name|items (order|0 (key|path)))$/,
    direct: nothing,
    why: 'the Secret brings the token that is minted above',
  },
  {
    path: /(configMap|configMapKeyRef|configMapRef) name$/,
    direct: /^kube-root-ca\.crt$/,
    virtual: /^kube-root-ca\.crt\.[0-9a-f]{8}$/,
    why: "the upper cluster's CA has another name below, where that one is taken",
  },
];

/** All differences that stay. */
export const differences: readonly Difference[] = [...noticeable, ...below];

/** The entry that a difference is found under. */
export function knownAs(pod: string, found: Found): Difference | undefined {
  return differences.find((known) => matches(known, pod, found));
}

function matches(known: Difference, pod: string, { path, direct = '', virtual = '' }: Found): boolean {
  return (
    known.path.test(path) &&
    (known.pod?.test(pod) ?? true) &&
    (known.direct?.test(direct) ?? true) &&
    (known.virtual?.test(virtual) ?? true)
  );
}

/** What a kubelet does at times to one of two equal pods that run beside each other on a busy machine. */
const accidents: readonly Difference[] = [
  {
    path: /^status .+ terminated reason$/,
    pod: /^out-of-memory$/,
    direct: /^(Error|OOMKilled)$/,
    virtual: /^(Error|OOMKilled)$/,
    why: 'the runtime learns of the OOM killer after or before it learns of the end; the exit code is 137 either way',
  },
  {
    path: /^log .+ content\/\/etc\/hosts$/,
    direct: nothing,
    why: 'the kubelet of the pod that was made directly was writing its hosts file when the container read it',
  },
];

/** Whether a difference comes and goes by itself. */
export function isAccident(pod: string, found: Found): boolean {
  return accidents.some((accident) => matches(accident, pod, found));
}
