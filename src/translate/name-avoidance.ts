/** What a term of a node selector asks of the fields of a node, as far as it matters here. */
interface Term {
  readonly matchFields?: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values?: readonly string[];
  }[];
}

const nameField = 'metadata.name';

/** Whether a term matches no node of this name. */
export function isKeptFrom({ matchFields }: Term, name: string): boolean {
  return (
    matchFields?.some(
      ({ key, operator, values }) => key === nameField && operator === 'NotIn' && values?.includes(name),
    ) ?? false
  );
}

/** What keeps a term from nodes. The API server takes one name in each (validateNodeFieldSelectorRequirement). */
export function keepFrom(names: readonly string[]): { key: string; operator: 'NotIn'; values: string[] }[] {
  return names.map((name) => ({ key: nameField, operator: 'NotIn', values: [name] }));
}
