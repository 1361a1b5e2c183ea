/** A metric of prom-client whose labelled children are of this kind. */
export interface Labelled<Child> {
  labels(labels: Record<string, string>): Child;
  remove(labels: Record<string, string>): void;
}

/**
 * The series of one metric that belong to one virtual node. Children are made once, so that counting costs neither
 * a label object nor a check of its names, and all of them can be dropped together.
 *
 * @example new Series(counter, { lower_cluster: 'vk-a' }, ['verb', 'code']).of('get', '200').inc()
 */
export class Series<Child> {
  readonly #metric: Labelled<Child>;
  readonly #fixed: Readonly<Record<string, string>>;
  readonly #names: readonly string[];
  readonly #children = new Map<string, { child: Child; labels: Record<string, string> }>();

  constructor(
    metric: Labelled<Child>,
    fixed: Readonly<Record<string, string>>,
    names: readonly string[] = [],
  ) {
    this.#metric = metric;
    this.#fixed = fixed;
    this.#names = names;
  }

  /** The child with these values of the labels that are not fixed, in their order. */
  of(...values: string[]): Child {
    const key = values.join(' ');
    const known = this.#children.get(key);
    if (known) return known.child;
    const own = this.#names.map((name, place) => [name, values[place] ?? '']);
    const labels = { ...this.#fixed, ...Object.fromEntries(own) };
    const child = this.#metric.labels(labels);
    this.#children.set(key, { child, labels });
    return child;
  }

  /** Drops every child from the metric. */
  remove(): void {
    for (const { labels } of this.#children.values()) this.#metric.remove(labels);
    this.#children.clear();
  }
}
