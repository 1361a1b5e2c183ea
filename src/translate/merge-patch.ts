type Json = null | boolean | number | string | Json[] | JsonMap;
interface JsonMap {
  [key: string]: Json | undefined;
}

/**
 * The JSON merge patch (RFC 7396) that makes `from` into `to`, or undefined when they are equal. Lists are
 * replaced whole. A key whose value is null or undefined counts as absent, as it does to the API server, which
 * writes `lastProbeTime: null` for a time that was never set.
 */
export function mergePatch(from: object | undefined, to: object): object | undefined {
  return difference((from ?? {}) as JsonMap, to as JsonMap);
}

function difference(from: JsonMap, to: JsonMap): JsonMap | undefined {
  const patch: [string, Json][] = [];
  for (const key of Object.keys(to)) {
    const before = own(from, key);
    const after = own(to, key);
    if (after === undefined) continue;
    if (isMap(before) && isMap(after)) {
      const change = difference(before, after);
      if (change) patch.push([key, change]);
    } else if (!isEqual(before, after)) {
      patch.push([key, after]);
    }
  }
  for (const key of Object.keys(from)) {
    if (own(from, key) !== undefined && own(to, key) === undefined) patch.push([key, null]);
  }
  return patch.length === 0 ? undefined : Object.fromEntries(patch);
}

/** What a map itself holds: `constructor` is a lawful key, and every object inherits something of that name. */
function own(map: JsonMap, key: string): Json | undefined {
  return Object.hasOwn(map, key) ? (map[key] ?? undefined) : undefined;
}

function isMap(value: Json | undefined): value is JsonMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether two JSON values are the same, whatever the order of their keys; null and undefined are absent. */
export function isEqual(a: Json | undefined, b: Json | undefined): boolean {
  // In a list there is no leaving out: null is a value, and undefined is sent as null.
  if (a === b || (a ?? null) === (b ?? null)) return true;
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((entry, index) => isEqual(entry, b[index]));
  }
  if (!isMap(a) || !isMap(b)) return false;
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].every((key) => isEqual(own(a, key), own(b, key)));
}
