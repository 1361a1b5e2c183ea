/** What a value must look like for the code that reads it: text, a number, an amount, or made of such. */
export type Shape =
  | 'text'
  | 'number'
  /** A quantity: text, or a number. */
  | 'amount'
  | { readonly listOf: Shape }
  | { readonly mapOf: Shape }
  | { readonly fields: Readonly<Record<string, Shape>>; readonly needs?: readonly string[] };

/** Whether a value has a shape. As Go reads it, null is the empty value of a field; unknown fields may hold anything. */
export function hasShape(value: unknown, shape: Shape): boolean {
  if (shape === 'text') return typeof value === 'string';
  if (shape === 'number') return typeof value === 'number';
  if (shape === 'amount') return typeof value === 'string' || typeof value === 'number';
  if ('listOf' in shape) return Array.isArray(value) && value.every((each) => hasShape(each, shape.listOf));
  if (!isMap(value)) return false;
  if ('mapOf' in shape) return Object.values(value).every((each) => hasShape(each, shape.mapOf));
  return (
    (shape.needs ?? []).every((name) => value[name] != null) &&
    Object.entries(shape.fields).every(
      ([name, field]) => !Object.hasOwn(value, name) || value[name] === null || hasShape(value[name], field),
    )
  );
}

/** A pod or a selector has a tenth of so many levels; far more would overflow the stack of whoever walks it. */
export const deepest = 64;

/** Whether nothing in a value is nested deeper than so many levels; it looks no deeper itself. */
export function isShallow(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return levels > 0 && Object.values(value).every((each) => isShallow(each, levels - 1));
}

/** Whether a value is an object and no list. */
export function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
