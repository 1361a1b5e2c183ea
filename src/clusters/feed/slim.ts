import { slimMetadata } from '../../kube/slim-metadata.ts';
import type { Container, KubeObject, Node, Pod } from '../../kube/types.ts';
import { upperClusterAnnotation, upperUidAnnotation, virtualNodeAnnotation } from '../../translate/names.ts';

type Statuses = NonNullable<Pod['status']>['containerStatuses'];

const ours = [upperClusterAnnotation, upperUidAnnotation, virtualNodeAnnotation];
const told = ['PodScheduled', 'PodResizePending', 'PodResizeInProgress'];

/**
 * A pod without what no scheduler asks for: a list of 100,000 is held as a whole until its last page is read.
 *
 * @param kept the annotations that stay; by default those that tell whose a lower pod is
 */
export function slimPod(pod: Pod, kept: readonly string[] = ours): Pod {
  const { metadata, spec, status } = pod;
  const { generation, labels, creationTimestamp, deletionTimestamp } = metadata ?? {};
  const slim = {
    metadata: { ...slimMetadata(pod, kept), generation, labels, creationTimestamp, deletionTimestamp },
    spec: { ...spec, containers: slimContainers(spec?.containers) ?? [], ...slimInit(spec?.initContainers) },
    status: {
      phase: status?.phase,
      conditions: status?.conditions?.filter(({ type }) => told.includes(type)),
      containerStatuses: slimStatuses(status?.containerStatuses),
      initContainerStatuses: slimStatuses(status?.initContainerStatuses),
    },
  };
  return slim as Pod;
}

/** Any other object without what only people and kubectl read. */
export function slimObject<T extends KubeObject>(object: T): T {
  const { managedFields: _fields, annotations: _annotations, ...metadata } = object.metadata ?? {};
  return { ...object, metadata };
}

/**
 * A node without heartbeats and the like; its images weigh in kube-scheduler's ranking, but no upper scheduler knows
 * them.
 */
export function slimNode(node: Node): Node {
  const { images: _images, volumesInUse: _used, volumesAttached: _attached, ...status } = node.status ?? {};
  return { ...slimObject(node), status };
}

function slimContainers(containers: readonly Container[] | undefined): Container[] | undefined {
  return containers?.map(
    ({ name, resources, restartPolicy, ports }) => ({ name, resources, restartPolicy, ports }) as Container,
  );
}

function slimInit(containers: readonly Container[] | undefined): { initContainers?: Container[] } {
  const initContainers = slimContainers(containers);
  return initContainers ? { initContainers } : {};
}

function slimStatuses(statuses: Statuses) {
  return statuses?.map(({ name, resources, allocatedResources }) => ({
    name,
    resources,
    allocatedResources,
  }));
}
