/** Which state of which object a line of a watch is about. */
export interface WatchLineHead {
  /** As `keyOf` makes it of the object. */
  readonly key: string;
  readonly uid: string;
  readonly resourceVersion: string;
  /** Whether the object is gone, or has left the selector of the watch. */
  readonly isDeleted: boolean;
}

/** The API server writes these fields first and in this order (ObjectMeta in apimachinery); a name needs no escape. */
const head =
  /^\{"type":"(ADDED|MODIFIED|DELETED)","object":\{"kind":"\w+","apiVersion":"[\w./]+","metadata":\{"name":"([^"\\]+)",(?:"generateName":"[^"\\]*",)?(?:"namespace":"([^"\\]+)",)?"uid":"([^"\\]+)","resourceVersion":"(\d+)"/;

/**
 * Reads only the beginning of a line, so that a state that is known already need not be parsed; undefined for what is
 * no news of an object, and for what looks otherwise than expected.
 */
export function headOf(line: string): WatchLineHead | undefined {
  const [, type, name, namespace, uid, resourceVersion] = head.exec(line) ?? [];
  if (name === undefined || uid === undefined || resourceVersion === undefined) return undefined;
  const key = namespace === undefined ? name : `${namespace}/${name}`;
  return { key, uid, resourceVersion, isDeleted: type === 'DELETED' };
}
