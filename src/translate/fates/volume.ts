import { allCarried, carried, type Fate, type Fates, refused, rewritten } from './fate.ts';

const notSupported = (note: string): Fate => refused('VolumeNotSupported', note);
const upperOnly = notSupported('trust bundles and pod certificates belong to the upper cluster');
const withSecret = carried('its Secret is copied');
const renamedConfigMap = rewritten(
  'the ConfigMap is copied; `kube-root-ca.crt` is the upper one, under another name',
);
const upperView = rewritten('metadata.uid and spec.nodeName read as they do above');

/** Volume and what is below it. The storage that a volume names must be within reach of the lower nodes. */
export const volumeFates = {
  Volume: {
    ...allCarried(
      'awsElasticBlockStore',
      'azureDisk',
      'emptyDir',
      'fc',
      'flocker',
      'gcePersistentDisk',
      'gitRepo',
      'image',
      'name',
      'nfs',
      'photonPersistentDisk',
      'portworxVolume',
      'quobyte',
      'vsphereVolume',
    ),
    azureFile: withSecret,
    cephfs: withSecret,
    cinder: withSecret,
    configMap: renamedConfigMap,
    csi: withSecret,
    downwardAPI: upperView,
    ephemeral: rewritten('the claim that the upper cluster makes for it'),
    flexVolume: withSecret,
    glusterfs: carried('its Endpoints must be there below'),
    hostPath: carried('a path of the lower node, unless `--refuse` forbids it'),
    iscsi: withSecret,
    persistentVolumeClaim: carried('the claim goes down with the pod: see storage.md'),
    projected: rewritten('see VolumeProjection'),
    rbd: withSecret,
    scaleIO: withSecret,
    secret: carried('the Secret is copied'),
    storageos: withSecret,
  },
  ProjectedVolumeSource: {
    defaultMode: carried(),
    sources: rewritten('see VolumeProjection'),
  },
  VolumeProjection: {
    clusterTrustBundle: upperOnly,
    configMap: renamedConfigMap,
    downwardAPI: upperView,
    podCertificate: upperOnly,
    secret: carried('the Secret is copied'),
    serviceAccountToken: rewritten(
      'with `--service-account-mode=upper` a Secret with a token of the upper cluster, kept fresh, its file with the ' +
        "volume's default mode; with `lower` carried; with `none` refused, and left out where the API server added it",
    ),
  },
} satisfies Record<string, Fates>;
