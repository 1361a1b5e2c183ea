import type { ControllerContext } from '../../clusters/controller.ts';
import { describeError } from '../../kube/errors.ts';
import { EventRecorder } from '../../kube/event-recorder.ts';
import type { Resource } from '../../kube/resources.ts';
import type { KubeObject } from '../../kube/types.ts';
import type { CopyRefusal } from './lower-copies.ts';

/** Says on the upper object why it is not below as it is above. */
export function refusals({ upper, owner, logger }: ControllerContext) {
  const events = new EventRecorder(upper, {
    component: 'isthmus',
    host: owner.virtualNode,
    onError: (error) => logger.warn({ message: describeError(error) }, 'an event was not written'),
  });
  return <T extends KubeObject>(
    resource: Resource<T>,
    object: T | undefined,
    { reason, message }: CopyRefusal,
  ): void => {
    if (!object) return;
    const isNews = events.record(resource, object, { type: 'Warning', reason, message });
    const { namespace, name } = object.metadata ?? {};
    if (isNews)
      logger.warn(
        { [resource.plural]: `${namespace}/${name}`, reason, message },
        'it is not below as it is above',
      );
  };
}
