import type { Client, ListOptions } from './client.ts';
import type { Resource } from './resources.ts';
import type { KubeObject } from './types.ts';

const pageSize = 500;

/**
 * Every object that the selectors choose, in pages, as they all were at one resource version.
 *
 * @param options `slim` makes each object smaller before the next page comes
 * @throws KubeError; `Gone` when the server forgot that version between two pages
 */
export async function listAll<T extends KubeObject>(
  client: Client,
  resource: Resource<T>,
  { slim, ...options }: ListOptions & { signal?: AbortSignal; slim?(object: T): T } = {},
): Promise<{ items: T[]; resourceVersion: string }> {
  const items: T[] = [];
  for (let next: string | undefined; ; ) {
    const page = await client.list(resource, { ...options, limit: pageSize, continue: next });
    for (const item of page.items ?? []) items.push(slim ? slim(item) : item);
    next = page.metadata?.continue || undefined;
    if (next === undefined) return { items, resourceVersion: page.metadata?.resourceVersion ?? '0' };
  }
}
