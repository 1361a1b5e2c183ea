import { z } from 'zod';
import { isLabelKey, isLabelValue } from '../kube/label-syntax.ts';
import { formatQuantity, formOf, parseQuantity } from '../kube/quantity.ts';

/** Text that passes a test. `expected` completes "expected ...", as everywhere in this file. */
export function text(expected: string, isGood: (text: string) => boolean) {
  return field(expected, (value) => (typeof value === 'string' && isGood(value) ? value : undefined));
}

/** One of some words. */
export function oneOf<const Word extends string>(words: readonly Word[]) {
  return field(`one of ${words.join(', ')}`, (value) => words.find((word) => word === value));
}

/** Yes or no. */
export const yesOrNo = field('true or false', (value) => (typeof value === 'boolean' ? value : undefined));

/** A number that passes a test. */
export function number(expected: string, isGood: (value: number) => boolean) {
  return field(expected, (value) => (typeof value === 'number' && isGood(value) ? value : undefined));
}

/** A list of such values, none of them twice. */
export function listOf<T extends z.ZodType>(expected: string, value: T) {
  return z.array(value, { error: `a list of ${expected}` }).superRefine((items, context) => {
    const seen = new Set<unknown>();
    for (const [index, item] of items.entries()) {
      if (seen.has(item)) complain(context, index, 'each only once', item);
      seen.add(item);
    }
  });
}

/** The key of a label or taint. */
export const labelKey = text('the key of a label, such as disk or example.com/disk', isLabelKey);

/** The value of a label or taint. */
export const labelValue = text(
  'the value of a label: at most 63 of A-Z, a-z, 0-9, "-", "_", "."',
  isLabelValue,
);

/** By these the virtual node is found; the provider sets them. */
const reserved = new Set(['type', 'kubernetes.io/hostname']);

/** Labels that an operator may give a virtual node. */
export const labels = mapOf('labels', labelValue).superRefine((values, context) => {
  for (const key of Object.keys(values)) {
    if (!isLabelKey(key)) complain(context, key, 'the key of a label, such as disk or example.com/disk', key);
    if (reserved.has(key)) complain(context, key, 'a label that the provider does not set itself', key);
  }
});

/** Resources and how much of each, as the API server writes them: `{cpu: 0.5}` becomes `{cpu: '500m'}`. */
export const quantities = mapOf('resources', field('a quantity such as 500m or 8', toQuantity))
  .superRefine((values, context) => {
    for (const name of Object.keys(values))
      if (!isLabelKey(name))
        complain(context, name, 'the name of a resource, such as cpu or nvidia.com/gpu', name);
  })
  .transform((values) =>
    Object.fromEntries(
      Object.entries(values).map(([name, value]) => [name, formatQuantity(value, formOf(name))]),
    ),
  );

/** Which lower storage class stands for an upper one; `fast:` with nothing behind it means the lower default class. */
export const classMap = z
  .record(z.string(), z.unknown(), { error: 'a map of storage classes' })
  .transform((values, context) => {
    const classes: Record<string, string | null> = {};
    for (const [upper, lower] of Object.entries(values)) {
      if (!isClassName(upper)) complain(context, upper, 'the name of a storage class', upper);
      if (lower !== null && !isClassName(lower))
        complain(
          context,
          upper,
          'the name of a storage class, or nothing for the lower default class',
          lower,
        );
      else classes[upper] = lower;
    }
    return classes;
  });

function isClassName(value: unknown): value is string {
  return typeof value === 'string' && /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/.test(value);
}

/** A field of one value: what `read` answers with undefined is a mistake. */
function field<T>(expected: string, read: (value: unknown) => T | undefined) {
  return z.unknown().transform((value, context): T => {
    const result = value === undefined ? undefined : read(value);
    if (result !== undefined) return result;
    // YAML takes `zone: 1` and `tier: true` for something else than text.
    const isBare = typeof value === 'number' || typeof value === 'boolean';
    const message = isBare && read(String(value)) !== undefined ? `${expected}, in quotes` : expected;
    context.issues.push({ code: 'custom', message, input: value });
    return z.NEVER;
  });
}

function mapOf<T extends z.ZodType>(expected: string, value: T) {
  return z.record(z.string(), value, { error: `a map of ${expected}` });
}

function complain(context: z.RefinementCtx, key: PropertyKey, message: string, input: unknown): void {
  context.addIssue({ code: 'custom', path: [key], message, input });
}

function toQuantity(value: unknown): bigint | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  try {
    const quantity = parseQuantity(value);
    return quantity < 0n ? undefined : quantity;
  } catch {
    return undefined;
  }
}
