/** What becomes of a field of a pod on its way to the other cluster, and what a user must know of it. */
export type Fate = Decision & {
  /** The first and the last minor version of Kubernetes whose API has the field, where not all of them do. */
  readonly since?: number;
  readonly until?: number;
};

type Decision =
  | { readonly fate: 'carried'; readonly note?: string }
  | { readonly fate: 'rewritten'; readonly note: string }
  /** Left out; the note says why nobody misses it. */
  | { readonly fate: 'dropped'; readonly note: string }
  /** A pod that has the field is not sent down: it waits with this reason, and an event has the note. */
  | { readonly fate: 'refused'; readonly reason: string; readonly note: string };

/** By field. A field whose type has no fates of its own passes its fate on to everything below it. */
export type Fates = Readonly<Record<string, Fate>>;

export const carried = (note?: string): Fate => ({ fate: 'carried', ...(note ? { note } : {}) });
export const rewritten = (note: string): Fate => ({ fate: 'rewritten', note });
export const dropped = (note: string): Fate => ({ fate: 'dropped', note });
export const refused = (reason: string, note: string): Fate => ({ fate: 'refused', reason, note });

/** Fields that travel as they are and of which there is nothing to say. */
export function allCarried(...fields: string[]): Fates {
  return Object.fromEntries(fields.map((field) => [field, carried()]));
}

/** The names of the fields with this fate. */
export function fieldsThatAre(fate: Fate['fate'], fates: Fates): ReadonlySet<string> {
  return new Set(Object.keys(fates).filter((field) => fates[field]?.fate === fate));
}

/** The object without those fields. */
export function without<T extends object>(object: T, fields: ReadonlySet<string>): T {
  return Object.fromEntries(Object.entries(object).filter(([key]) => !fields.has(key))) as T;
}

/** The object with nothing but those fields. */
export function only<T extends object>(object: T, fields: ReadonlySet<string>): Partial<T> {
  return Object.fromEntries(Object.entries(object).filter(([key]) => fields.has(key))) as Partial<T>;
}

/** The first field that the object has and that keeps a pod from going down; an empty list is nothing. */
export function refusedField(
  object: object | null | undefined,
  fates: Fates,
): Extract<Fate, { fate: 'refused' }> | undefined {
  for (const [field, value] of Object.entries(object ?? {})) {
    const fate = Object.hasOwn(fates, field) ? fates[field] : undefined;
    const isThere = Array.isArray(value) ? value.length > 0 : value != null;
    if (isThere && fate?.fate === 'refused') return fate;
  }
  return undefined;
}
