import type {
  CSINode,
  KubeObject,
  PersistentVolume,
  PersistentVolumeClaim,
  StorageClass,
} from '../kube/types.ts';

const legacyClass = 'volume.beta.kubernetes.io/storage-class';
const defaultClass = 'storageclass.kubernetes.io/is-default-class';

/** The volumes, claims and classes of a cluster, and what its nodes can attach. */
export class Storage {
  readonly #volumes = new Map<string, PersistentVolume>();
  readonly #claims = new Map<string, PersistentVolumeClaim>();
  readonly #classes = new Map<string, StorageClass>();
  readonly #limits = new Map<string, ReadonlyMap<string, number>>();
  /** Volumes that a claim may be bound to before its pod runs, by class. */
  readonly #open = new Map<string, Set<PersistentVolume>>();
  /** Rises with every change; what was found out about volumes holds for one version. */
  version = 0;

  applyVolume(volume: PersistentVolume): void {
    const kept = bare(volume, { spec: volume.spec, status: { phase: volume.status?.phase } });
    const name = volume.metadata?.name ?? '';
    this.removeVolume(name);
    this.#volumes.set(name, kept);
    if (kept.status?.phase !== 'Available' && !kept.spec?.claimRef) return;
    if (kept.status?.phase === 'Bound') return;
    const className = classNameOf(kept);
    const others = this.#open.get(className);
    if (others) others.add(kept);
    else this.#open.set(className, new Set([kept]));
  }

  removeVolume(name: string): void {
    const volume = this.#volumes.get(name);
    if (!volume) return;
    this.version += 1;
    this.#volumes.delete(name);
    const others = this.#open.get(classNameOf(volume));
    others?.delete(volume);
    if (others?.size === 0) this.#open.delete(classNameOf(volume));
  }

  applyClaim(claim: PersistentVolumeClaim): void {
    this.version += 1;
    const key = `${claim.metadata?.namespace ?? 'default'}/${claim.metadata?.name ?? ''}`;
    this.#claims.set(key, bare(claim, { spec: claim.spec, status: { phase: claim.status?.phase } }));
  }

  removeClaim(key: string): void {
    this.version += 1;
    this.#claims.delete(key);
  }

  applyClass(storageClass: StorageClass): void {
    this.version += 1;
    this.#classes.set(storageClass.metadata?.name ?? '', storageClass);
  }

  removeClass(name: string): void {
    this.version += 1;
    this.#classes.delete(name);
  }

  applyCsiNode(csiNode: CSINode): void {
    const limits = new Map<string, number>();
    for (const { name, allocatable } of csiNode.spec?.drivers ?? []) {
      if (allocatable?.count !== undefined && allocatable.count !== null) limits.set(name, allocatable.count);
    }
    this.#limits.set(csiNode.metadata?.name ?? '', limits);
  }

  removeCsiNode(name: string): void {
    this.#limits.delete(name);
  }

  volume(name: string): PersistentVolume | undefined {
    return this.#volumes.get(name);
  }

  /** The volumes of a class that are free, or meant for a claim that is not bound yet. */
  openVolumes(className: string): Iterable<PersistentVolume> {
    return this.#open.get(className) ?? [];
  }

  claim(key: string): PersistentVolumeClaim | undefined {
    return this.#claims.get(key);
  }

  storageClass(name: string): StorageClass | undefined {
    return this.#classes.get(name);
  }

  /** Whether there is a class of this name. */
  has(name: string): boolean {
    return this.#classes.has(name);
  }

  /** Whether a new claim without a class gets one. */
  get hasDefault(): boolean {
    return this.defaultClass() !== undefined;
  }

  /** The class that a new claim without one gets: the youngest default, or of equals the first by name. */
  defaultClass(): string | undefined {
    const age = ({ metadata }: StorageClass) => String(metadata?.creationTimestamp ?? '');
    const names = [...this.#classes]
      .filter(([, each]) => each.metadata?.annotations?.[defaultClass] === 'true')
      .sort(([aName, a], [bName, b]) => age(b).localeCompare(age(a)) || aName.localeCompare(bName));
    return names[0]?.[0];
  }

  /** How many volumes a node can attach, by driver; a driver without a limit is not there. */
  attachLimits(nodeName: string): ReadonlyMap<string, number> | undefined {
    return this.#limits.get(nodeName);
  }
}

/** The class of a claim or a volume; an old annotation goes before the field. Empty when it has none. */
export function classNameOf(object: PersistentVolumeClaim | PersistentVolume): string {
  return object.metadata?.annotations?.[legacyClass] ?? object.spec?.storageClassName ?? '';
}

/** An object without what is only for the API server (managed fields) and for people. */
function bare<T extends KubeObject>(object: T, body: object): T {
  const { name, namespace, uid, labels, annotations, deletionTimestamp, ownerReferences } =
    object.metadata ?? {};
  const metadata = { name, namespace, uid, labels, annotations, deletionTimestamp, ownerReferences };
  return { metadata, ...body } as T;
}
