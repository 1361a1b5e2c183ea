import type { NodeTable } from './node-table.ts';

/** Asks about the node in a slot. */
export type SlotTest = (slot: number) => boolean;

/** `v1.NodeSelectorRequirement`. */
export interface NodeRequirement {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[];
}

/** `v1.NodeSelectorTerm`. */
export interface NodeTerm {
  readonly matchExpressions?: readonly NodeRequirement[];
  readonly matchFields?: readonly NodeRequirement[];
}

/**
 * Whether a node is selected by one of the terms (k8s.io/component-helpers/scheduling/corev1/nodeaffinity). A term
 * without conditions selects no node, and neither does one that cannot be read.
 */
export function termsTest(nodes: NodeTable, terms: readonly NodeTerm[]): SlotTest {
  const tests = terms.flatMap((term) => termTest(nodes, term) ?? []).filter((test) => test !== never);
  const [only] = tests;
  if (!only) return never;
  if (tests.length === 1) return only;
  return (slot) => tests.some((test) => test(slot));
}

/** Whether a node is selected by a term; none when the term selects no node at all. */
export function termTest(
  nodes: NodeTable,
  { matchExpressions, matchFields }: NodeTerm,
): SlotTest | undefined {
  const tests: SlotTest[] = [];
  for (const requirement of matchExpressions ?? []) {
    const test = labelTest(nodes, requirement);
    if (!test) return undefined;
    tests.push(test);
  }
  for (const requirement of matchFields ?? []) {
    const test = fieldTest(nodes, requirement);
    if (!test) return undefined;
    tests.push(test);
  }
  return tests.length > 0 ? all(tests) : undefined;
}

/** Whether a node has all these labels, as `nodeSelector` asks for. */
export function labelsTest(nodes: NodeTable, labels: Readonly<Record<string, string>>): SlotTest {
  const tests = Object.entries(labels).map(([key, value]) => {
    const column = nodes.label(key);
    const wanted = column?.numberOf(value) ?? 0;
    // Number 0 stands for "none": a node without the label must not be taken for one with a value nobody has.
    return wanted === 0 || !column ? never : (slot: number) => column.ids[slot] === wanted;
  });
  return all(tests);
}

/** Whether a node meets a condition on a label; none for a condition that cannot be read. */
export function labelTest(
  nodes: NodeTable,
  { key, operator, values = [] }: NodeRequirement,
): SlotTest | undefined {
  const column = nodes.label(key);
  const passes = new Uint8Array(column?.limit ?? 1);
  const mark = (value: string, with_: 0 | 1) => {
    const number = column?.numberOf(value) ?? 0;
    if (number !== 0) passes[number] = with_;
  };
  switch (operator) {
    case 'In':
      for (const value of values) mark(value, 1);
      break;
    case 'NotIn':
      passes.fill(1);
      for (const value of values) mark(value, 0);
      break;
    case 'Exists':
      passes.fill(1, 1);
      break;
    case 'DoesNotExist':
      passes[0] = 1;
      break;
    case 'Gt':
    case 'Lt': {
      const bound = readInteger(values[0] ?? '');
      if (bound === undefined || values.length !== 1) return undefined;
      for (const [value, number] of column?.entries() ?? []) {
        const found = readInteger(value);
        if (found !== undefined && (operator === 'Gt' ? found > bound : found < bound)) passes[number] = 1;
      }
      break;
    }
    default:
      return undefined;
  }
  if (!column) return passes[0] === 1 ? always : never;
  if (!passes.includes(1)) return never;
  return (slot) => passes[column.ids[slot] ?? 0] === 1;
}

/** The only field is the name, and it is compared with one value. */
function fieldTest(nodes: NodeTable, { key, operator, values = [] }: NodeRequirement): SlotTest | undefined {
  const [name] = values;
  if (name === undefined || values.length !== 1) return undefined;
  const wanted = key === 'metadata.name' ? nodes.slotOf(name) : undefined;
  if (operator === 'In') return (slot) => slot === wanted;
  return operator === 'NotIn' ? (slot) => slot !== wanted : undefined;
}

/** As strconv.ParseInt reads 64 bits. */
function readInteger(text: string): bigint | undefined {
  if (!/^[+-]?\d{1,40}$/.test(text)) return undefined;
  const value = BigInt(text.replace(/^\+/, ''));
  return BigInt.asIntN(64, value) === value ? value : undefined;
}

/** Whether all of several tests pass. */
export function all(tests: readonly SlotTest[]): SlotTest {
  const [first, second] = tests;
  if (!first) return always;
  if (!second) return first;
  if (tests.includes(never)) return never;
  if (tests.length === 2) return (slot) => first(slot) && second(slot);
  return (slot) => {
    for (const test of tests) if (!test(slot)) return false;
    return true;
  };
}

const always: SlotTest = () => true;
/** Selects no node. What is not this one may still select none. */
export const never: SlotTest = () => false;
