import type { LabelRequirement } from '../kube/selector.ts';

export type Labels = Readonly<Record<string, string>>;

/** `metav1.LabelSelector`. */
export interface LabelSelector {
  readonly matchLabels?: Labels;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values?: string[];
  }[];
}

/** A label selector that is ready to be asked. */
export interface Selector {
  /** It selects everything. */
  readonly isEmpty: boolean;
  /** Labels with a listed value are the only ones that can match, if there is such a condition. */
  readonly needs: { readonly key: string; readonly values: readonly string[] } | undefined;
  matches(labels: Labels): boolean;
}

/** Selects nothing; what a missing selector means in affinity terms and spread constraints. */
export const nothing: Selector = { isEmpty: false, needs: { key: '', values: [] }, matches: () => false };

/**
 * Reads a selector (metav1.LabelSelectorAsSelector): none selects nothing, an empty one everything.
 *
 * @param more conditions to add to a selector that is there
 */
export function readSelector(
  selector: LabelSelector | undefined | null,
  more: readonly LabelRequirement[] = [],
): Selector {
  if (!selector) return nothing;
  const conditions: Condition[] = [
    ...Object.entries(selector.matchLabels ?? {}).map(([key, value]) => ({
      key,
      operator: 'In',
      values: [value],
    })),
    ...(selector.matchExpressions ?? []),
    ...more,
  ].map(({ key, operator, values }) => ({ key, operator, values: values ?? [] }));
  const [first] = conditions
    .filter(({ operator }) => operator === 'In')
    .sort((a, b) => a.values.length - b.values.length);
  return {
    isEmpty: conditions.length === 0,
    needs: first,
    matches: (labels) => conditions.every((condition) => holds(condition, labels)),
  };
}

interface Condition {
  readonly key: string;
  readonly operator: string;
  readonly values: readonly string[];
}

function holds({ key, operator, values }: Condition, labels: Labels): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    default:
      return false;
  }
}
