/** What the API server takes for names (k8s.io/apimachinery/pkg/util/validation). */
const name = /^([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9]$/;
const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** Whether a text can be the key of a label or a taint: a name, with a domain before it or not. */
export function isLabelKey(text: string): boolean {
  const [first = '', second, ...more] = text.split('/');
  if (second === undefined) return name.test(first);
  return more.length === 0 && first.length <= 253 && subdomain.test(first) && name.test(second);
}

/** Whether a text can be the value of a label or a taint. */
export function isLabelValue(text: string): boolean {
  return text === '' || name.test(text);
}

/** Whether a namespace can have this name. */
export function isNamespaceName(text: string): boolean {
  return text.length <= 63 && subdomain.test(text) && !text.includes('.');
}

/** Whether a node can have this name; it is the value of its label `kubernetes.io/hostname`, too. */
export function isNodeName(text: string): boolean {
  return text.length <= 63 && subdomain.test(text);
}
