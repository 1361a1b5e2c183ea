/** Which lower storage class stands for which upper one (`storageClasses`); null is the lower default class. */
export type ClassMap = Readonly<Record<string, string | null>>;

/** What the lower cluster has of storage classes. */
export interface LowerClasses {
  has(name: string): boolean;
  /** Whether a claim without a class gets one. */
  readonly hasDefault: boolean;
}

/** The class of a claim below; undefined leaves the choice to the lower cluster, as its default class. */
export type LowerClass = { readonly className: string | undefined } | { readonly missing: string };

/**
 * The lower class that stands for an upper one: the one the map names; without an entry the one of the same name; and
 * where there is none, the lower default. An upper claim with the class '' asks for a volume without a class.
 */
export function lowerClassOf(upperClass: string | undefined, map: ClassMap, lower: LowerClasses): LowerClass {
  if (upperClass === '') return { className: '' };
  const mapped = upperClass !== undefined && Object.hasOwn(map, upperClass) ? map[upperClass] : undefined;
  if (typeof mapped === 'string') {
    return lower.has(mapped)
      ? { className: mapped }
      : { missing: `the lower cluster has no storage class "${mapped}", which stands for "${upperClass}"` };
  }
  if (mapped === undefined && upperClass !== undefined && lower.has(upperClass))
    return { className: upperClass };
  if (lower.hasDefault) return { className: undefined };
  return {
    missing: `the lower cluster has neither a storage class "${upperClass ?? ''}" nor a default class`,
  };
}
