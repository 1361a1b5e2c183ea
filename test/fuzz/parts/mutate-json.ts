import fc from 'fast-check';
import { hostileNames, hostileValue, objectWith } from './hostile-values.ts';

type Step = string | number;

/** What is done at one place of a value. */
type Change = (value: unknown, hostile: unknown, name: string) => unknown;

const changes: readonly Change[] = [
  (_value, hostile) => hostile,
  (_value, hostile) => hostile,
  (value, hostile) => [value, hostile],
  (value) => [value],
  (value) => ({ value }),
  (value) => JSON.stringify(value) ?? '',
  (value, hostile, name) =>
    isMap(value) ? { ...value, ...objectWith(name, hostile) } : objectWith(name, value),
  (value, hostile, name) =>
    Object.fromEntries([...Object.entries(isMap(value) ? value : {}), [name, hostile]]) as unknown,
  (value) => (Array.isArray(value) ? Array.from({ length: 300 }, () => value).flat() : value),
  (value) => (typeof value === 'string' ? value.repeat(200) : value),
  (value) => (typeof value === 'number' ? value * -1e9 : value),
  () => undefined,
];

/** Good values with one to four places made hostile, so that what stands around them is taken for good. */
export function mutated(good: readonly unknown[]): fc.Arbitrary<unknown> {
  const places = good.map((value) => ({ value, paths: pathsOf(value) }));
  const change = fc.record({
    place: fc.nat(),
    change: fc.constantFrom(...changes),
    hostile: hostileValue,
    name: fc.constantFrom(...hostileNames),
  });
  return fc
    .tuple(fc.constantFrom(...places), fc.array(change, { minLength: 1, maxLength: 4 }))
    .map(([{ value, paths }, steps]) =>
      steps.reduce<unknown>((sum, { place, change: make, hostile, name }) => {
        const path = paths[place % paths.length] ?? [];
        return at(sum, path, (found) => make(found, hostile, name));
      }, value),
    );
}

/** Every place in a value, the value itself among them. */
function pathsOf(value: unknown, path: readonly Step[] = []): (readonly Step[])[] {
  if (typeof value !== 'object' || value === null) return [path];
  const entries: [Step, unknown][] = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  return [path, ...entries.flatMap(([step, inner]) => pathsOf(inner, [...path, step]))];
}

function at(value: unknown, [step, ...rest]: readonly Step[], change: (value: unknown) => unknown): unknown {
  if (step === undefined) return change(value);
  if (Array.isArray(value))
    return value.map((inner, index) => (index === step ? at(inner, rest, change) : inner) as unknown);
  if (!isMap(value)) return value;
  const entries = Object.entries(value).map(([key, inner]) => [
    key,
    key === step ? at(inner, rest, change) : inner,
  ]);
  return Object.fromEntries(entries) as unknown;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
