/** What the local clusters are made of. Changing a version here means changing go.mod in hack/tools too. */
export const versions = {
  kubernetes: 'v1.35.4',
  etcd: 'v3.6.8',
  kwok: 'v0.8.0',
  coredns: 'v1.14.7',
} as const;

/** The programs of a cluster, each a single static binary. */
export const programs = [
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kubelet',
  'kubectl',
  'etcd',
  'kwok',
] as const;

/** What a cluster needs besides for its pods to reach Services by name. */
export const servicePrograms = ['kube-proxy', 'coredns'] as const;

export type Program = (typeof programs)[number];

/** Where each program was found. */
export type Binaries = Readonly<Record<Program, string>>;

/** The Go module under hack/tools that builds a program; also the name of its release. */
export function moduleOf(program: Program): 'kubernetes' | 'etcd' | 'kwok' {
  return program === 'etcd' || program === 'kwok' ? program : 'kubernetes';
}
