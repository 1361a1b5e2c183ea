type Json = null | boolean | number | string | Json[] | { [key: string]: Json | undefined };

/**
 * The JSON merge patch (RFC 7396) that makes `from` into `to`, or undefined when they are equal. Lists are
 * replaced whole; keys whose value is undefined count as absent.
 */
export function mergePatch(from: object | undefined, to: object): object | undefined {
  const patch = difference((from ?? {}) as Json, to as Json);
  return patch === undefined ? undefined : (patch as object);
}

function difference(from: Json, to: Json): Json | undefined {
  if (!isMap(from) || !isMap(to)) return isEqual(from, to) ? undefined : to;
  const patch: { [key: string]: Json } = {};
  for (const [key, value] of Object.entries(to)) {
    if (value === undefined) continue;
    const before = from[key];
    const change = before === undefined ? value : difference(before, value);
    if (change !== undefined) patch[key] = change;
  }
  for (const key of Object.keys(from)) {
    if (from[key] !== undefined && to[key] === undefined) patch[key] = null;
  }
  return Object.keys(patch).length === 0 ? undefined : patch;
}

function isMap(value: Json): value is { [key: string]: Json | undefined } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether two JSON values are the same, whatever the order of their keys. */
export function isEqual(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    return (
      Array.isArray(a) &&
      Array.isArray(b) &&
      a.length === b.length &&
      a.every((entry, index) => isEqual(entry, b[index]))
    );
  }
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  for (const key of keys) if (!isEqual(a[key], b[key])) return false;
  return true;
}
