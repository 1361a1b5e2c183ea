import type { Fates } from '../../../src/translate/fates/fate.ts';
import type { Schema } from '../../openapi.ts';
import { shortName, typeOf } from '../../openapi.ts';

/** Schemas by the full names of their types. */
export type Schemas = Readonly<Record<string, Schema>>;

const podSpec = 'io.k8s.api.core.v1.PodSpec';

/**
 * Every `Type.field` below PodSpec that travels, as far down as the API server's schemas go.
 *
 * @param leaves fields whose own fields do not matter
 */
export function fieldsThatTravel(
  schemas: Schemas,
  fates: Readonly<Record<string, Fates>>,
  leaves: ReadonlySet<string>,
): Set<string> {
  const found = new Set<string>();
  const visit = (type: string) => {
    for (const [field, schema] of Object.entries(schemas[type]?.properties ?? {})) {
      const name = `${shortName(type)}.${field}`;
      const fate = fates[shortName(type)]?.[field]?.fate ?? 'carried';
      if (found.has(name) || (fate !== 'carried' && fate !== 'rewritten')) continue;
      found.add(name);
      const inner = leaves.has(name) ? undefined : typeOf(schema);
      if (inner) visit(inner);
    }
  };
  visit(podSpec);
  return found;
}

/** Every `Type.field` that a spec has. */
export function fieldsUsed(schemas: Schemas, spec: object): Set<string> {
  const found = new Set<string>();
  const visit = (type: string, value: unknown) => {
    if (Array.isArray(value)) for (const entry of value) visit(type, entry);
    else if (typeof value === 'object' && value !== null) {
      const { properties, additionalProperties } = schemas[type] ?? {};
      if (additionalProperties && !properties) return;
      for (const [field, entry] of Object.entries(value)) {
        const schema = properties?.[field];
        if (!schema || entry === undefined) continue;
        found.add(`${shortName(type)}.${field}`);
        const inner = typeOf(schema);
        if (inner) visit(inner, entry);
      }
    }
  };
  visit(podSpec, spec);
  return found;
}
