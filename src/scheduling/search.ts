/** Looks for something, and yields now and then before it has it, or knows that there is nothing. */
export type Search<T> = Generator<undefined, T | undefined>;
