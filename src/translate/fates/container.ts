import { allCarried, carried, type Fates, refused, rewritten } from './fate.ts';
import { noClaims } from './pod-spec.ts';

const container: Fates = {
  ...allCarried(
    'args',
    'command',
    'imagePullPolicy',
    'lifecycle',
    'livenessProbe',
    'name',
    'readinessProbe',
    'resizePolicy',
    'restartPolicy',
    'restartPolicyRules',
    'startupProbe',
    'stdin',
    'stdinOnce',
    'terminationMessagePath',
    'terminationMessagePolicy',
    'tty',
    'workingDir',
  ),
  env: rewritten(
    'with `--service-account-mode=upper` begins with KUBERNETES_SERVICE_HOST and _PORT of the upper API server, ' +
      'unless it has its own; see EnvVarSource',
  ),
  envFrom: rewritten('see EnvFromSource'),
  image: carried('later changes follow; a name that something below rewrote stays'),
  ports: carried('unless `--refuse` forbids hostPorts and a port has one'),
  resources: carried('a resize follows; see ResourceRequirements'),
  securityContext: carried('unless `--refuse` forbids privileged and it is'),
  volumeDevices: carried(),
  volumeMounts: rewritten('carried; the mount of a token volume goes where the volume goes'),
};

/** Container and what is below it. */
export const containerFates = {
  Container: container,
  EphemeralContainer: { ...container, targetContainerName: carried() },
  EnvVar: {
    name: carried(),
    value: carried(),
    valueFrom: rewritten('see EnvVarSource'),
  },
  EnvVarSource: {
    configMapKeyRef: rewritten(
      'the ConfigMap is copied; `kube-root-ca.crt` is the upper one, under another name',
    ),
    fieldRef: rewritten('metadata.uid, spec.nodeName and spec.serviceAccountName read as they do above'),
    fileKeyRef: carried(),
    resourceFieldRef: carried('without a limit it is what the lower node has'),
    secretKeyRef: carried('the Secret is copied'),
  },
  EnvFromSource: {
    configMapRef: rewritten(
      'the ConfigMap is copied; `kube-root-ca.crt` is the upper one, under another name',
    ),
    prefix: carried(),
    secretRef: carried('the Secret is copied'),
  },
  ResourceRequirements: {
    claims: refused('ResourceClaimsNotSupported', noClaims),
    limits: carried('what a LimitRange below adds stays'),
    requests: carried('what a LimitRange below adds stays'),
  },
} satisfies Record<string, Fates>;
