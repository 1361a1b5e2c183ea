import { z } from 'zod';

/**
 * A list of such values. Reading ends at the first that is none: who calls may send millions, and zod keeps an object for
 * each mistake, which takes seconds and a gigabyte.
 */
export function listOf<T extends z.ZodType>(item: T) {
  return z.unknown().transform((value, context): z.output<T>[] => {
    if (!Array.isArray(value)) return complain(context, [], 'expected a list');
    const items: z.output<T>[] = [];
    for (const [index, each] of value.entries()) {
      const read = item.safeParse(each);
      if (!read.success) return pass(context, index, read.error);
      items.push(read.data);
    }
    return items;
  });
}

/** A map of such values, read in the same way. */
export function mapOf<T extends z.ZodType>(entry: T) {
  return z.unknown().transform((value, context): Record<string, z.output<T>> => {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      return complain(context, [], 'expected a map');
    const entries: [string, z.output<T>][] = [];
    for (const [key, each] of Object.entries(value)) {
      const read = entry.safeParse(each);
      if (!read.success) return pass(context, key, read.error);
      entries.push([key, read.data]);
    }
    return Object.fromEntries(entries) as Record<string, z.output<T>>;
  });
}

function pass(context: z.RefinementCtx, at: PropertyKey, { issues: [issue] }: z.ZodError): never {
  return complain(context, [at, ...(issue?.path ?? [])], issue?.message ?? 'something else');
}

function complain(context: z.RefinementCtx, path: PropertyKey[], message: string): never {
  context.addIssue({ code: 'custom', path, message });
  return z.NEVER;
}
