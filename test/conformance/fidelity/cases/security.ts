import { type Case, failed, finished, finishedOr, looking, looks, scratch, waiting, whole } from '../case.ts';

const secured = (name: string, securityContext: object, rest: Parameters<typeof looks>[3] = {}) =>
  looks(name, { securityContext }, {}, rest);
const securedPod = (name: string, securityContext: object, rest: Parameters<typeof looks>[3] = {}) =>
  looks(name, { volumeMounts: scratch.volumeMounts }, { securityContext, volumes: scratch.volumes }, rest);

const confinements: Readonly<Record<string, object>> = {
  few: { capabilities: { add: ['NET_ADMIN', 'SYS_TIME'], drop: ['ALL'] } },
  most: { capabilities: { add: ['SYS_PTRACE'], drop: ['CHOWN', 'NET_RAW'] } },
  privileged: { privileged: true },
  'read-only': { readOnlyRootFilesystem: true },
  'no-escalation': { allowPrivilegeEscalation: false, seLinuxOptions: { level: 's0:c3,c4' } },
  'proc-mount': { procMount: 'Default' },
  seccomp: { seccompProfile: { type: 'RuntimeDefault' } },
  unconfined: { seccompProfile: { type: 'Unconfined' }, appArmorProfile: { type: 'Unconfined' } },
};

/** Users, capabilities and what confines them. */
export const securityCases: readonly Case[] = [
  securedPod('pod-user', {
    runAsUser: 1001,
    runAsGroup: 2002,
    runAsNonRoot: true,
    fsGroup: 3003,
    fsGroupChangePolicy: 'OnRootMismatch',
    supplementalGroups: [4004, 5005],
    supplementalGroupsPolicy: 'Merge',
  }),
  whole('container-user', () => ({
    restartPolicy: 'Never',
    securityContext: {
      runAsUser: 1001,
      runAsGroup: 2002,
      runAsNonRoot: true,
      seLinuxChangePolicy: 'Recursive',
    },
    containers: [
      looking({ securityContext: { runAsUser: 1111, runAsGroup: 2222, runAsNonRoot: true } }),
      looking({ name: 'root', securityContext: { runAsUser: 0, runAsNonRoot: false } }),
    ],
  })),
  securedPod(
    'strict-groups',
    { supplementalGroups: [4004], supplementalGroupsPolicy: 'Strict' },
    { until: finished },
  ),
  secured('root-refused', { runAsNonRoot: true }, { until: waiting('CreateContainerConfigError') }),
  whole('confined', () => ({
    restartPolicy: 'Never',
    containers: Object.entries(confinements).map(([name, securityContext]) =>
      looking({ name, securityContext }),
    ),
  })),
  secured(
    'seccomp-absent',
    { seccompProfile: { type: 'Localhost', localhostProfile: 'absent.json' } },
    { until: waiting('CreateContainerError') },
  ),
  secured(
    'apparmor-absent',
    { appArmorProfile: { type: 'Localhost', localhostProfile: 'absent' } },
    { until: finishedOr('CreateContainerError') },
  ),
  securedPod('pod-confined', {
    sysctls: [
      { name: 'kernel.shm_rmid_forced', value: '1' },
      { name: 'net.ipv4.ip_local_port_range', value: '2000 3000' },
      { name: 'net.ipv4.ping_group_range', value: '0 100' },
      { name: 'net.ipv4.ip_unprivileged_port_start', value: '80' },
    ],
    seccompProfile: { type: 'RuntimeDefault' },
    appArmorProfile: { type: 'Unconfined' },
    seLinuxChangePolicy: 'Recursive',
    seLinuxOptions: { user: 'u', role: 'r', type: 't', level: 's0:c1,c2' },
  }),
  securedPod('sysctl-refused', { sysctls: [{ name: 'kernel.msgmax', value: '65536' }] }, { until: failed }),
  looks('own-users', {}, { hostUsers: false }, { until: finishedOr('ContainerCreating') }),
];
