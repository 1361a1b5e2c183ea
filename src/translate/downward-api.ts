import type { Container, PodSpec, Volume } from '../kube/types.ts';
import { upperUidAnnotation, virtualNodeAnnotation } from './names.ts';
import { mapContainers, mapSources, mapVolumes } from './walk-spec.ts';

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

/** The spec whose containers read through the downward API what they would read above. */
export function withUpperView(spec: PodSpec): PodSpec {
  const volumes = mapVolumes(spec, withUpperItems);
  return mapContainers(volumes, (container) => withUpperVariables(container, spec.serviceAccountName));
}

function withUpperVariables(container: Container, serviceAccountName = 'default'): Container {
  if (!container.env?.some((variable) => variable.valueFrom?.fieldRef)) return container;
  const env = container.env.map((variable) => {
    const fieldRef = variable.valueFrom?.fieldRef;
    if (!fieldRef) return variable;
    if (fieldRef.fieldPath === 'spec.serviceAccountName')
      return { name: variable.name, value: serviceAccountName };
    return { ...variable, valueFrom: { ...variable.valueFrom, fieldRef: redirect(fieldRef) } };
  });
  return { ...container, env };
}

function withUpperItems(volume: Volume): Volume {
  if (volume.downwardAPI) return { ...volume, downwardAPI: redirectItems(volume.downwardAPI) };
  return mapSources(volume, (source) =>
    source.downwardAPI ? { ...source, downwardAPI: redirectItems(source.downwardAPI) } : source,
  );
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
