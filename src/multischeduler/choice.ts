import type { VirtualNodes } from '../clusters/placement/virtual-nodes.ts';
import type { Node, Pod } from '../kube/types.ts';
import { type RankStrategy, rank } from '../scheduling/rank.ts';
import { tolerates } from '../scheduling/toleration.ts';
import { hasPreferences } from './preferences.ts';
import type { Place } from './reservations.ts';
import type { UpperLoad } from './upper-load.ts';

export interface ChoiceOptions {
  readonly virtualNodes: VirtualNodes;
  /** A virtual node above, if there is one of the name, with its taints that only ask for better nodes. */
  readonly nodeOf: (name: string) => Node | undefined;
  readonly load: UpperLoad;
  readonly strategy: RankStrategy;
}

/** A place behind a virtual node. */
export interface NamedPlace extends Place {
  readonly nodeName: string;
}

/**
 * Chooses a virtual node in kube-scheduler's place. Where it is told of one node only it neither scores nor asks to
 * prioritize, which is half of what an extender costs; and the pod counts in one cluster until its binding is seen.
 */
export class Choice {
  readonly load: UpperLoad;
  /** So many places are compared. */
  readonly most: number;
  readonly #options: ChoiceOptions;

  constructor(options: ChoiceOptions) {
    this.#options = options;
    this.load = options.load;
    this.most = options.strategy === 'least-allocated' ? mostOfEmptiest : mostRanked;
  }

  /** Whether kube-scheduler knows nothing of a pod and these nodes by which it would choose better. */
  isOurs(pod: Pod, nodeNames: readonly string[]): boolean {
    return !hasPreferences(pod) && nodeNames.every((name) => this.#isPlain(pod, name));
  }

  /** The nodes in the order in which they are to be asked about; as they are when only their ranks tell them apart. */
  ordered(pod: Pod, nodeNames: readonly string[]): readonly string[] {
    if (this.#options.strategy !== 'least-allocated') return nodeNames;
    const scores = this.load.scores(pod, nodeNames);
    return nodeNames
      .map((name, index) => ({ name, score: scores[index] ?? 0 }))
      .sort((one, other) => other.score - one.score)
      .map(({ name }) => name);
  }

  /** The best of the places that can take a pod, if there are any. */
  best(pod: Pod, places: readonly NamedPlace[]): NamedPlace | undefined {
    const [first, second] = places;
    if (!second) return first;
    const { strategy } = this.#options;
    const scores = this.load.scores(
      pod,
      places.map(({ nodeName }) => nodeName),
    );
    let best: { place: NamedPlace; score: number } | undefined;
    for (const [index, place] of places.entries()) {
      const ranked = rank(place.cluster.feed.picture, place.pod, strategy, place.claims);
      const score = rankWeights[strategy] * ranked + (scores[index] ?? 0);
      if (!best || score > best.score) best = { place, score };
    }
    return best?.place;
  }

  /** A virtual node; nodes of other kinds and those that would rather have other pods are kube-scheduler's to weigh. */
  #isPlain({ spec }: Pod, name: string): boolean {
    const node = this.#options.nodeOf(name);
    if (!node) return this.#options.virtualNodes.clusterOf(name) !== undefined;
    const taints = node.spec?.taints ?? [];
    return taints.every((taint) => taint.effect !== softly || tolerates(spec?.tolerations ?? [], taint));
  }
}

const softly = 'PreferNoSchedule';
/** Those that are asked about first are the emptiest, so that two are enough to compare by what is behind them. */
const mostOfEmptiest = 2;
/** The best of a few that come in turn is nearly as good as the best of all. */
const mostRanked = 8;
/** Whoever asks for a way of ranking gets it; otherwise as in deploy/kube-scheduler.yaml. */
const rankWeights: Readonly<Record<RankStrategy, number>> = {
  'least-allocated': 2,
  'best-fit': 1_000,
  'worst-fit': 1_000,
};
