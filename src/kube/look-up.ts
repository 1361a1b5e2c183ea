import type { Client, ListOptions, ObjectName } from './client.ts';
import { hasCode } from './errors.ts';
import type { Resource } from './resources.ts';
import type { KubeObject } from './types.ts';

const pageSize = 500;

/** Every object of a kind, page by page. @throws KubeError */
export async function listAll<T extends KubeObject>(
  client: Client,
  resource: Resource<T>,
  options: ListOptions = {},
): Promise<T[]> {
  const items: T[] = [];
  let next: string | undefined;
  do {
    const page = await client.list(resource, { ...options, limit: pageSize, continue: next });
    for (const item of page.items ?? []) items.push(item);
    next = page.metadata?.continue;
  } while (next);
  return items;
}

/** The object, or undefined when there is none. @throws KubeError */
export async function findObject<T extends KubeObject>(
  client: Client,
  resource: Resource<T>,
  where: ObjectName,
): Promise<T | undefined> {
  try {
    return await client.get(resource, where);
  } catch (error) {
    if (hasCode(error, 'NotFound')) return undefined;
    throw error;
  }
}
