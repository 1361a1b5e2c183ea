import { setTimeout as sleep } from 'node:timers/promises';
import { LowerPictures, type LowerPicturesOptions } from '../feed/lower-pictures.ts';
import { type ClaimOf, ClaimsBelow } from './claims-below.ts';
import { PodsBelow } from './pod-below.ts';
import { PromisedRoom } from './promised-room.ts';
import { type NodesBy, VirtualNodes, type VirtualNodesOptions } from './virtual-nodes.ts';

export interface LowerPlacementOptions
  extends VirtualNodesOptions,
    Omit<LowerPicturesOptions, 'onClusters' | 'onSynced' | 'onPod'> {
  readonly claimOf: ClaimOf;
}

/** Promises are looked over so often, in milliseconds. */
const deferInterval = 5_000;

/** All that is asked about placing upper pods below: what is behind each virtual node, and what comes there. */
export class LowerPlacement {
  readonly virtualNodes: VirtualNodes;
  readonly podsBelow = new PodsBelow();
  readonly claimsBelow: ClaimsBelow;
  readonly promised: PromisedRoom;
  readonly #pictures: LowerPictures;
  readonly #nodesBy: NodesBy;

  constructor(options: LowerPlacementOptions) {
    this.virtualNodes = new VirtualNodes(options);
    this.claimsBelow = new ClaimsBelow(options.claimOf);
    this.promised = new PromisedRoom({
      clusterOf: (name) => this.virtualNodes.clusterOf(name),
      podsBelow: this.podsBelow,
      claimsBelow: this.claimsBelow,
    });
    this.#pictures = new LowerPictures({
      ...options,
      onClusters: () => {
        this.virtualNodes.setClusters(this.#pictures.clusters);
        this.promised.reviewAll();
      },
      onSynced: (feed) => this.promised.reviewFeed(feed),
      onPod: (feed, key) => this.promised.lowerChanged(feed, key),
    });
    this.#nodesBy = options.nodesBy;
  }

  /** A virtual node came or went, or has other labels: those may say which cluster it stands for. */
  nodesChanged(): void {
    if (this.#nodesBy === 'clusterID') this.promised.reviewAll();
  }

  /** Whether it has been read once which lower clusters there are. */
  get isRead(): boolean {
    return this.#pictures.isRead;
  }

  /** Whether every lower cluster is known now. */
  get isKnown(): boolean {
    return this.isRead && [...this.#pictures.clusters.values()].every(({ feed }) => !feed.staleness);
  }

  /**
   * Resolves when every lower cluster is known and `isRestKnown` says so of all else, or after so many milliseconds;
   * rejects when the signal aborts before.
   */
  async known(patience: number, signal: AbortSignal, isRestKnown: () => boolean = () => true): Promise<void> {
    const end = performance.now() + patience;
    while (!(this.isKnown && isRestKnown()) && performance.now() < end)
      await sleep(20, undefined, { signal });
  }

  /** Follows the lower clusters until the signal aborts. @throws KubeError when it cannot be read which there are */
  async run(signal: AbortSignal): Promise<void> {
    const deferring = setInterval(() => this.promised.defer(), deferInterval);
    try {
      await this.#pictures.run(signal);
    } finally {
      clearInterval(deferring);
    }
  }
}
