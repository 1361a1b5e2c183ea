import type { ServiceImport } from '../../kube/types.ts';
import { annotationsDown } from '../annotations-down.ts';
import { marks, type Owner } from '../marks.ts';
import { isEqual } from '../merge-patch.ts';

/**
 * The lower copy of an upper ServiceImport: the addresses that it names are those of the lower copies of the Services
 * that it names above.
 *
 * @param addressBelow of an upper Service's address; undefined where no Service of the namespace above has it, or
 *   where it is not below
 */
export function importDown(
  upper: ServiceImport,
  owner: Owner,
  addressBelow: (address: string) => string | undefined,
): ServiceImport {
  const { namespace = '', name = '', uid = '', labels } = upper.metadata ?? {};
  const ours = marks(owner, uid);
  const { ips, ...spec } = upper.spec ?? {};
  const below = (ips ?? []).flatMap((address) => addressBelow(address) ?? []);
  return {
    metadata: {
      namespace,
      name,
      labels: { ...labels, ...ours.labels },
      annotations: { ...annotationsDown(upper.metadata), ...ours.annotations },
    },
    spec: { ...spec, ...(below.length > 0 && { ips: below }) },
  };
}

/** What must be written so that a lower ServiceImport is as desired; undefined when it is. */
export function importToWrite(desired: ServiceImport, lower: ServiceImport): ServiceImport | undefined {
  const { labels, annotations } = lower.metadata ?? {};
  const before = { labels: { ...labels }, annotations: { ...annotations }, spec: lower.spec ?? {} };
  const after = { ...desired.metadata, spec: desired.spec ?? {} };
  const wanted = { labels: after.labels, annotations: after.annotations, spec: after.spec };
  if (isEqual(before as never, wanted as never)) return undefined;
  return { ...lower, metadata: { ...lower.metadata, ...pick(desired) }, spec: after.spec };
}

function pick({
  metadata,
}: ServiceImport): Pick<NonNullable<ServiceImport['metadata']>, 'labels' | 'annotations'> {
  return { labels: metadata?.labels ?? {}, annotations: metadata?.annotations ?? {} };
}
