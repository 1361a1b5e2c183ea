const storage = 'needs a server or a disk that no test has';
const windows = 'for Windows nodes';
const notDebugging = 'no ephemeral container may have it';

const volumes = [
  'awsElasticBlockStore',
  'azureDisk',
  'azureFile',
  'cephfs',
  'cinder',
  'csi',
  'fc',
  'flexVolume',
  'flocker',
  'gcePersistentDisk',
  'glusterfs',
  'iscsi',
  'nfs',
  'photonPersistentDisk',
  'portworxVolume',
  'quobyte',
  'rbd',
  'scaleIO',
  'storageos',
  'vsphereVolume',
];
const notInEphemeral = [
  'lifecycle',
  'livenessProbe',
  'ports',
  'readinessProbe',
  'resizePolicy',
  'resources',
  'restartPolicy',
  'restartPolicyRules',
  'startupProbe',
];

/** The fields that travel and that no pod of the suite has, and why; what is only below them counts as well. */
export const unused: Readonly<Record<string, string>> = {
  ...Object.fromEntries(volumes.map((volume) => [`Volume.${volume}`, storage])),
  ...Object.fromEntries(notInEphemeral.map((field) => [`EphemeralContainer.${field}`, notDebugging])),
  'Volume.ephemeral': 'test/e2e/storage.test.ts has it',
  'Volume.persistentVolumeClaim': 'test/e2e/storage.test.ts has it',
  'Container.volumeDevices': storage,
  'EphemeralContainer.volumeDevices': storage,
  'Volume.gitRepo': 'switched off in every kubelet since 1.33',
  'Lifecycle.stopSignal': 'switched off in the API server (ContainerStopSignals is alpha)',
  'LifecycleHandler.tcpSocket': 'the kubelet has never had it; the API takes it for the sake of old clients',
  'PodSecurityContext.windowsOptions': windows,
  'SecurityContext.windowsOptions': windows,
};
