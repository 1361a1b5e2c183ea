/** A moment as `metav1.Time` is written: RFC 3339 in whole seconds. */
export function metaTime(at: Date): string {
  return at.toISOString().replace(/\.\d+Z$/, 'Z');
}

/** A moment as `metav1.MicroTime` is written. */
export function metaMicroTime(at: Date): string {
  return at.toISOString().replace('Z', '000Z');
}
