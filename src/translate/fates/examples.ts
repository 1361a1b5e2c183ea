import type { ServiceAccountMode } from '../service-account.ts';

/** For the tests of the table: one field of a type above, and what becomes of it; undefined when nothing is left. */
interface Example {
  field: string;
  above: unknown;
  becomes: unknown;
  /** Of the pod. */
  annotations?: Record<string, string>;
  /** Further fields of the same type. */
  beside?: object;
  volumes?: object[];
  /** upper by default */
  mode?: ServiceAccountMode;
}

const env = [
  { name: 'KUBERNETES_SERVICE_HOST', value: '10.1.2.3' },
  { name: 'KUBERNETES_SERVICE_PORT', value: '6443' },
  { name: 'KUBERNETES_SERVICE_PORT_HTTPS', value: '6443' },
];
const required = 'requiredDuringSchedulingIgnoredDuringExecution';
const preferred = 'preferredDuringSchedulingIgnoredDuringExecution';
const rootCa = { name: 'kube-root-ca.crt' };
const renamedRootCa = { name: 'kube-root-ca.crt.upper-cl' };
const uid = { fieldPath: 'metadata.uid' };
const upperUid = { fieldPath: "metadata.annotations['isthmus.io/upper-uid']" };
const token = { serviceAccountToken: { path: 'token' } };
const fromSecret = (key: string) => ({
  secret: { name: 'isthmus-tokens-upper-uid', items: [{ key, path: 'token' }] },
});
const merged = {
  matchLabels: { app: 'web' },
  matchExpressions: [{ key: 'hash', operator: 'In', values: ['1'] }],
};
const term = { matchLabelKeys: ['hash'], labelSelector: merged };
const unmergedTerm = { matchLabelKeys: ['hash'], labelSelector: { matchLabels: { app: 'web' } } };
const selected = (selector: object) => ({ clusterSelector: JSON.stringify(selector) });
const nodeTerms = (key: string) => ({
  nodeSelectorTerms: [{ matchExpressions: [{ key, operator: 'Exists' }] }],
});
const podAffinity = { [required]: [term], [preferred]: [{ weight: 1, podAffinityTerm: term }] };
const unmergedAffinity = {
  [required]: [unmergedTerm],
  [preferred]: [{ weight: 1, podAffinityTerm: unmergedTerm }],
};
const debug = { name: 'd', targetContainerName: 'main' };
const uidVariable = (fieldRef: object) => ({ name: 'UID', valueFrom: { fieldRef } });

const tokenVolume = { name: 'kube-api-access-x', projected: { sources: [token] } };
const ofContainers: Example[] = ['Container', 'EphemeralContainer'].flatMap((type) => [
  {
    field: `${type}.volumeMounts`,
    above: [{ name: 'kube-api-access-x' }, { name: 'v' }],
    becomes: [{ name: 'v' }],
    volumes: [tokenVolume],
    mode: 'none',
  },
  {
    field: `${type}.env`,
    above: [uidVariable(uid)],
    becomes: [...env, uidVariable(upperUid)],
  },
  {
    field: `${type}.envFrom`,
    above: [{ prefix: 'A_', configMapRef: rootCa }],
    becomes: [{ prefix: 'A_', configMapRef: renamedRootCa }],
  },
]);

export const examples: readonly Example[] = [
  { field: 'PodSpec.affinity', above: { podAffinity }, becomes: { podAffinity: unmergedAffinity } },
  { field: 'PodSpec.automountServiceAccountToken', above: true, becomes: false },
  { field: 'PodSpec.containers', above: [{ name: 'a' }], becomes: [{ name: 'a', env }] },
  { field: 'PodSpec.initContainers', above: [{ name: 'a' }], becomes: [{ name: 'a', env }] },
  { field: 'PodSpec.ephemeralContainers', above: [debug], becomes: [{ ...debug, env }] },
  {
    field: 'PodSpec.nodeSelector',
    above: { type: 'virtual-kubelet' },
    becomes: { disk: 'ssd' },
    annotations: selected({ nodeSelector: { disk: 'ssd' } }),
  },
  { field: 'PodSpec.nodeSelector', above: { type: 'virtual-kubelet' }, becomes: undefined },
  { field: 'PodSpec.serviceAccount', above: 'builder', becomes: undefined },
  { field: 'PodSpec.serviceAccountName', above: 'builder', becomes: undefined },
  {
    field: 'PodSpec.tolerations',
    above: [{ key: 'virtual-kubelet.io/provider', operator: 'Exists' }],
    becomes: [{ key: 'gpu' }],
    annotations: selected({ tolerations: [{ key: 'gpu' }] }),
  },
  { field: 'PodSpec.tolerations', above: [{ operator: 'Exists' }], becomes: undefined },
  { field: 'PodSpec.topologySpreadConstraints', above: [term], becomes: [unmergedTerm] },
  {
    field: 'PodSpec.volumes',
    above: [{ name: 'v', configMap: rootCa }],
    becomes: [{ name: 'v', configMap: renamedRootCa }],
  },
  ...ofContainers,
  { field: 'EnvVar.valueFrom', above: { fieldRef: uid }, becomes: { fieldRef: upperUid } },
  {
    field: 'EnvVarSource.configMapKeyRef',
    above: { ...rootCa, key: 'ca.crt' },
    becomes: { ...renamedRootCa, key: 'ca.crt' },
  },
  { field: 'EnvVarSource.fieldRef', above: uid, becomes: upperUid },
  { field: 'EnvFromSource.configMapRef', above: rootCa, becomes: renamedRootCa },
  { field: 'Volume.configMap', above: rootCa, becomes: renamedRootCa },
  {
    field: 'Volume.downwardAPI',
    above: { items: [{ path: 'x', fieldRef: uid }] },
    becomes: { items: [{ path: 'x', fieldRef: upperUid }] },
  },
  { field: 'Volume.ephemeral', above: { volumeClaimTemplate: {} }, becomes: undefined },
  { field: 'Volume.projected', above: { sources: [token] }, becomes: { sources: [fromSecret('v.0')] } },
  { field: 'ProjectedVolumeSource.sources', above: [{}, token], becomes: [{}, fromSecret('v.1')] },
  { field: 'VolumeProjection.configMap', above: rootCa, becomes: renamedRootCa },
  {
    field: 'VolumeProjection.downwardAPI',
    above: { items: [{ path: 'x', fieldRef: uid }] },
    becomes: { items: [{ path: 'x', fieldRef: upperUid }] },
  },
  { field: 'VolumeProjection.serviceAccountToken', above: { path: 'token' }, becomes: undefined },
  { field: 'Affinity.podAffinity', above: podAffinity, becomes: unmergedAffinity },
  { field: 'Affinity.podAntiAffinity', above: podAffinity, becomes: unmergedAffinity },
  {
    field: 'Affinity.nodeAffinity',
    above: { [required]: nodeTerms('virtual') },
    becomes: { [required]: nodeTerms('disk') },
    annotations: selected({ affinity: { nodeAffinity: { [required]: nodeTerms('disk') } } }),
  },
  {
    field: `NodeAffinity.${required}`,
    above: nodeTerms('virtual'),
    becomes: nodeTerms('disk'),
    annotations: selected({ affinity: { nodeAffinity: { [required]: nodeTerms('disk') } } }),
  },
  { field: `NodeAffinity.${required}`, above: nodeTerms('virtual'), becomes: undefined },
  ...['PodAffinity', 'PodAntiAffinity'].flatMap((type) => [
    { field: `${type}.${required}`, above: [term], becomes: [unmergedTerm] },
    {
      field: `${type}.${preferred}`,
      above: [{ weight: 1, podAffinityTerm: term }],
      becomes: [{ weight: 1, podAffinityTerm: unmergedTerm }],
    },
  ]),
  ...['PodAffinityTerm', 'TopologySpreadConstraint'].map((type) => ({
    field: `${type}.labelSelector`,
    above: term.labelSelector,
    becomes: unmergedTerm.labelSelector,
    beside: { matchLabelKeys: term.matchLabelKeys },
  })),
  { field: 'WeightedPodAffinityTerm.podAffinityTerm', above: term, becomes: unmergedTerm },
];
