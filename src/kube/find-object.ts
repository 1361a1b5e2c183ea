import type { CallOptions, Client, ObjectName } from './client.ts';
import { hasCode } from './errors.ts';
import type { Resource } from './resources.ts';
import type { KubeObject } from './types.ts';

/** The object, or undefined when there is none. @throws KubeError */
export async function findObject<T extends KubeObject>(
  client: Client,
  resource: Resource<T>,
  where: ObjectName,
  options: CallOptions = {},
): Promise<T | undefined> {
  try {
    return await client.get(resource, where, options);
  } catch (error) {
    if (hasCode(error, 'NotFound')) return undefined;
    throw error;
  }
}
