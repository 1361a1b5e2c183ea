/** An object of a namespace, as a flag names it. */
export interface NamespacedName {
  readonly namespace: string;
  readonly name: string;
}

/** Reads `NAMESPACE/NAME`. @throws Error naming the flag */
export function parseNamespacedName(flag: string, text: string): NamespacedName {
  const [, namespace, name] = /^([^/]+)\/([^/]+)$/.exec(text) ?? [];
  if (namespace === undefined || name === undefined)
    throw new Error(`--${flag} is "${text}"; write it as NAMESPACE/NAME`);
  return { namespace, name };
}
