import {
  eitherKind,
  type NodeKeys,
  type Requirement,
  type SplitRequirement,
  splitRequirement,
  type Term,
} from './whose-node.ts';

/** Alternatives of which one must hold; undefined asks for nothing. */
export type Alternatives = Term[] | undefined;

/** A required node affinity in two: what virtual nodes must be, and what the nodes below. */
export interface SplitTerms {
  above: Alternatives;
  below: Alternatives;
}

/**
 * Divides alternatives so that both halves together ask for what the whole asked, or undefined when no two halves do:
 * `(cluster a and ssd) or (cluster b and gpu)` would become "a or b, ssd or gpu". It can be done where each half of
 * one alternative stands beside each half of the others.
 */
export function splitTerms(terms: readonly Term[], keys: NodeKeys): SplitTerms | undefined {
  const above = new Map<string, Term>();
  const below = new Map<string, Term>();
  const pairs = new Set<string>();
  for (const term of terms.filter((each) => !isEmpty(each))) {
    const split = splitTerm(term, keys);
    if (!split) return undefined;
    const [upper, lower] = [textOf(split.above), textOf(split.below)];
    above.set(upper, split.above);
    below.set(lower, split.below);
    pairs.add(JSON.stringify([upper, lower]));
  }
  if (pairs.size !== above.size * below.size) return undefined;
  return { above: alternatives(above), below: alternatives(below) };
}

/** Whether a term asks for nothing. */
export function isEmpty(term: Term): boolean {
  return Object.values(term).every((part) => !Array.isArray(part) || part.length === 0);
}

function splitTerm(term: Term, keys: NodeKeys): { above: Term; below: Term } | undefined {
  const { matchExpressions, matchFields, ...unknown } = term;
  const [expressions, fields] = [divide(matchExpressions, keys), divide(matchFields, keys)];
  if (!expressions || !fields) return undefined;
  return {
    above: termOf(expressions.above, fields.above),
    below: { ...unknown, ...termOf(expressions.below, fields.below) },
  };
}

function divide(requirements: readonly Requirement[] | null | undefined, keys: NodeKeys) {
  const all: SplitRequirement[] = [];
  for (const requirement of requirements ?? []) {
    const split = splitRequirement(requirement, keys);
    if (split === eitherKind) return undefined;
    all.push(split);
  }
  const of = (half: keyof SplitRequirement) => all.flatMap((split) => split[half] ?? []);
  return { above: of('above'), below: of('below') };
}

function termOf(expressions: Requirement[], fields: Requirement[]): Term {
  return {
    ...(expressions.length > 0 ? { matchExpressions: expressions as Term['matchExpressions'] } : {}),
    ...(fields.length > 0 ? { matchFields: fields as Term['matchFields'] } : {}),
  } as Term;
}

/** An alternative that asks for nothing makes all of them ask for nothing. */
function alternatives(terms: ReadonlyMap<string, Term>): Alternatives {
  const all = [...terms.values()];
  return all.length === 0 || all.some(isEmpty) ? undefined : all;
}

/** The same for terms that ask for the same, in whatever order. */
function textOf({ matchExpressions, matchFields, ...unknown }: Term): string {
  const sorted = (list: readonly Requirement[] | null | undefined) =>
    [...new Set((list ?? []).map((one) => JSON.stringify([one.key, one.operator, one.values ?? []])))].sort();
  return JSON.stringify([sorted(matchExpressions), sorted(matchFields), unknown]);
}
