/** One thing that is not the same directly and through the virtual node; undefined where there is none. */
export interface Found {
  readonly path: string;
  readonly direct: string | undefined;
  readonly virtual: string | undefined;
}

/** Every leaf in which two observations differ, by its path: `status/conditions/Ready/status`. */
export function differencesBetween(direct: object, virtual: object): Found[] {
  const one = new Map(leaves(direct));
  const other = new Map(leaves(virtual));
  return [...new Set([...one.keys(), ...other.keys()])]
    .map((path) => ({ path, direct: one.get(path), virtual: other.get(path) }))
    .filter((found) => found.direct !== found.virtual);
}

function leaves(value: unknown, path: readonly string[] = []): [string, string][] {
  if (Array.isArray(value)) return value.length === 0 ? [] : ofList(value, path);
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).flatMap(([key, entry]) => leaves(entry, [...path, key]));
  }
  return [[path.join(' '), String(value)]];
}

/** Entries are found by their names, and the order of names counts, except among conditions. */
function ofList(list: readonly unknown[], path: readonly string[]): [string, string][] {
  const names = list.map((entry, index) => nameOf(entry) ?? String(index));
  const keys = names.map((name, index) => {
    const before = names.slice(0, index).filter((other) => other === name).length;
    return before === 0 ? name : `${name}#${before + 1}`;
  });
  const entries = list.flatMap((entry, index) => leaves(entry, [...path, keys[index] ?? '']));
  if (path.at(-1) === 'conditions') return entries;
  return [...entries, [[...path, 'order'].join(' '), keys.join(' ')]];
}

function nameOf(entry: unknown): string | undefined {
  if (typeof entry !== 'object' || entry === null) return undefined;
  const { name, type } = entry as { name?: unknown; type?: unknown };
  const found = name ?? type;
  return typeof found === 'string' ? found : undefined;
}
