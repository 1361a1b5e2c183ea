import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { kubeletNodeOf } from '../hack/clusters/pki.ts';
import { events, persistentVolumeClaims, persistentVolumes } from '../src/kube/resources.ts';
import type { PersistentVolume, PersistentVolumeClaim, StorageClass } from '../src/kube/types.ts';
import { eventually, kubectl } from './clusters.ts';
import { find } from './objects.ts';
import { openStage, type Stage, type StageOptions } from './stage.ts';
import { localVolume, storageClass } from './storage-objects.ts';

/** A stage with storage: an upper class of ours, and below one of the same name with local volumes. */
export interface StorageStage extends Stage {
  readonly className: string;
  /** Makes an upper class that is removed with the stage, and returns its name. */
  classAbove(name: string, provisioner: string, more?: Partial<StorageClass>): Promise<string>;
  classBelow(name: string, provisioner: string, more?: Partial<StorageClass>): Promise<string>;
  /** Makes a local volume below, of the class of the stage unless another is given. */
  volumeBelow(name: string, size?: string, more?: Partial<PersistentVolume['spec']>): Promise<string>;
  claimAbove(name: string): Promise<PersistentVolumeClaim>;
  claimBelow(name: string): Promise<PersistentVolumeClaim>;
  findBelow(name: string): Promise<PersistentVolumeClaim | undefined>;
  /** The volume that an upper claim is bound to. */
  volumeAbove(claim: string): Promise<PersistentVolume>;
  /** Waits for an event of a claim above, and returns its message. */
  claimEvent(name: string, reason: string): Promise<string>;
  /** Waits until no volume above is on the virtual node. */
  noVolumes(): Promise<void>;
}

/** Opens a stage on a lower cluster. */
export async function openStorageStage(
  name: string,
  lowerName: string,
  options: StageOptions = {},
): Promise<StorageStage> {
  const stage = await openStage(name, lowerName, options);
  const { above, below, namespace } = stage;
  const suffix = namespace.slice(-8);
  const folder = mkdtempSync(join(tmpdir(), 'isthmus-storage-'));
  const [lowerNode] = (await kubectl(stage.lower, 'get', 'nodes', '-o', 'name')).stdout.split('\n');
  const node = lowerName === 'a' && process.getuid?.() === 0 ? kubeletNodeOf('a') : lowerNode?.split('/')[1];
  const classes: string[] = [];
  const volumes: string[] = [];
  const className = `local-${suffix}`;
  const makeClass =
    (create: Stage['create']) =>
    async (short: string, provisioner: string, more: Partial<StorageClass> = {}) => {
      const full = short.startsWith('local-') ? short : `${short}-${suffix}`;
      classes.push(full);
      await create(storageClass(full, provisioner, more));
      return full;
    };
  const [classAbove, classBelow] = [makeClass(stage.create), makeClass(stage.createBelow)];
  const claimIn = (client: typeof above) => (claim: string) =>
    client.get(persistentVolumeClaims, { namespace, name: claim });
  const claimAbove = claimIn(above);
  const findBelow = (claim: string) => find(below, persistentVolumeClaims, { namespace, name: claim });
  const noVolumes = () =>
    eventually(
      async () => {
        const labelSelector = `isthmus.io/virtual-node=${stage.node}`;
        const { items } = await above.list(persistentVolumes, { labelSelector });
        expect(items.map(({ spec, status }) => [spec?.claimRef?.name, status?.phase])).toEqual([]);
      },
      { within: 90_000 },
    );
  await classAbove(className, 'isthmus.io/virtual', { allowVolumeExpansion: true });
  await classBelow(className, 'kubernetes.io/no-provisioner', { allowVolumeExpansion: true });
  return {
    ...stage,
    className,
    classAbove,
    classBelow,
    async volumeBelow(short, size = '3Gi', more = {}) {
      const full = `${short}-${suffix}`;
      volumes.push(full);
      await stage.createBelow(localVolume(folder, { name: full, node: node ?? '', className, size }, more));
      return full;
    },
    claimAbove,
    claimBelow: claimIn(below),
    findBelow,
    volumeAbove: async (claim) =>
      above.get(persistentVolumes, { name: (await claimAbove(claim)).spec?.volumeName ?? '' }),
    claimEvent: (claim, reason) =>
      eventually(async () => {
        const fieldSelector = `involvedObject.name=${claim},reason=${reason}`;
        const { items } = await above.list(events, { namespace, fieldSelector });
        // The controller manager has the same reasons.
        const ours = items.find(({ source }) => source?.component === 'isthmus');
        if (!ours) throw new Error(`claim ${claim} has no event ${reason}`);
        return ours.message ?? '';
      }),
    noVolumes,
    async close() {
      try {
        await stage.run('delete', 'statefulsets,pods,pvc', '--all', '--wait=false');
        await noVolumes();
      } finally {
        for (const cluster of [stage.upper, stage.lower])
          await kubectl(cluster, 'delete', 'storageclass', ...classes, '--ignore-not-found');
        if (volumes.length > 0)
          await kubectl(stage.lower, 'delete', 'pv', ...volumes, '--ignore-not-found', '--wait=false');
        await stage.close();
        rmSync(folder, { recursive: true, force: true });
      }
    },
  };
}
