import type { Fates } from '../src/translate/fates/fate.ts';

/** As much of an OpenAPI schema as says which fields a type has, and of which types they are. */
export interface Schema {
  $ref?: string;
  allOf?: Schema[];
  items?: Schema;
  additionalProperties?: Schema;
  properties?: Record<string, Schema>;
}

/**
 * What is wrong with a table of fates, by the schemas of an API server: fields without a fate, fates of fields
 * that are not there. A type without fates of its own has that of the fields that are of it.
 *
 * @param start full name of the type to begin with
 * @param minor of the API server's version
 */
export function faultsOf(
  fates: Readonly<Record<string, Fates>>,
  schemas: Readonly<Record<string, Schema>>,
  start: string,
  minor: number,
): string[] {
  const faults: string[] = [];
  const unseen = new Set(Object.keys(fates));
  const visit = (type: string, of: Fates) => {
    if (!unseen.delete(shortName(type))) return;
    const fields = schemas[type]?.properties ?? {};
    for (const [field, { since = 0, until = minor }] of Object.entries(of)) {
      if (since <= minor && minor <= until && !(field in fields))
        faults.push(`${shortName(type)}.${field} is not there`);
    }
    for (const [field, schema] of Object.entries(fields)) {
      const fate = of[field]?.fate;
      if (!fate) faults.push(`${shortName(type)}.${field} has no fate`);
      else if (fate === 'carried' || fate === 'rewritten') follow(schema);
    }
  };
  const follow = (schema: Schema) => {
    const type = typeOf(schema);
    const of = type === undefined ? undefined : fates[shortName(type)];
    if (type !== undefined && of) visit(type, of);
  };
  for (const schema of Object.values(schemas[start]?.properties ?? {})) follow(schema);
  return [...faults, ...[...unseen].map((type) => `no field is a ${type}`)];
}

/** The full name of the type of a field, or of what its list or map holds; undefined for a plain value. */
export function typeOf({ $ref, allOf, items, additionalProperties }: Schema): string | undefined {
  if ($ref) return $ref.slice($ref.lastIndexOf('/') + 1);
  const inner = allOf?.[0] ?? items ?? additionalProperties;
  return inner && typeOf(inner);
}

export function shortName(type: string): string {
  return type.slice(type.lastIndexOf('.') + 1);
}
