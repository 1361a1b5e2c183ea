import type { Container, PodSpec, Volume } from '../kube/types.ts';
import { upperUidAnnotation, virtualNodeAnnotation } from './names.ts';

/**
 * Fields of the downward API that would read wrongly below, and the annotation of the lower pod that has what
 * the upper one would show. A reference serves variables and volumes alike.
 */
const elsewhere = new Map([
  ['metadata.uid', `metadata.annotations['${upperUidAnnotation}']`],
  ['spec.nodeName', `metadata.annotations['${virtualNodeAnnotation}']`],
  // The API still takes the first name of spec.nodeName (pkg/apis/core/pods, ConvertDownwardAPIFieldLabel).
  ['spec.host', `metadata.annotations['${virtualNodeAnnotation}']`],
]);

interface FieldRef {
  fieldPath: string;
}

/** The container with variables that read as they would above. */
export function withUpperVariables<T extends Container>(container: T, spec: PodSpec): T {
  if (!container.env?.some((variable) => variable.valueFrom?.fieldRef)) return container;
  const env = container.env.map((variable) => {
    const fieldRef = variable.valueFrom?.fieldRef;
    if (!fieldRef) return variable;
    if (fieldRef.fieldPath === 'spec.serviceAccountName') {
      return { name: variable.name, value: spec.serviceAccountName ?? 'default' };
    }
    return { ...variable, valueFrom: { ...variable.valueFrom, fieldRef: redirect(fieldRef) } };
  });
  return { ...container, env };
}

/** The volume with downward API items that read as they would above. */
export function withUpperItems(volume: Volume): Volume {
  if (volume.downwardAPI) return { ...volume, downwardAPI: redirectItems(volume.downwardAPI) };
  if (!volume.projected?.sources?.some((source) => source.downwardAPI)) return volume;
  const sources = volume.projected.sources.map((source) =>
    source.downwardAPI ? { ...source, downwardAPI: redirectItems(source.downwardAPI) } : source,
  );
  return { ...volume, projected: { ...volume.projected, sources } };
}

function redirectItems<T extends { items?: { fieldRef?: FieldRef }[] }>(source: T): T {
  if (!source.items) return source;
  return {
    ...source,
    items: source.items.map((item) =>
      item.fieldRef ? { ...item, fieldRef: redirect(item.fieldRef) } : item,
    ),
  };
}

function redirect<T extends FieldRef>(fieldRef: T): T {
  const fieldPath = elsewhere.get(fieldRef.fieldPath);
  return fieldPath ? { ...fieldRef, fieldPath } : fieldRef;
}
