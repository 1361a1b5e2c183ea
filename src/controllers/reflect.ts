import type { ControllerContext } from '../clusters/controller.ts';
import type { Client } from '../kube/client.ts';
import {
  Reflector,
  type ReflectorCache,
  type ReflectorObserver,
  type ReflectorOptions,
} from '../kube/reflector.ts';
import type { Resource } from '../kube/resources.ts';
import type { KubeObject } from '../kube/types.ts';

/** Makes a reflector that does not run yet. */
export type Reflect = <T extends KubeObject>(
  resource: Resource<T>,
  cache: ReflectorCache<T>,
  options?: ReflectorOptions<T>,
) => Reflector<T>;

/** Where reflectors tell of failures and of what they do. */
export interface ReflectTo {
  readonly onError: (message: string) => void;
  readonly observe: (resource: string) => ReflectorObserver | undefined;
}

/** For reflectors of one cluster that tell of themselves in the same way. */
export function reflectFrom(client: Client, { onError, observe }: ReflectTo): Reflect {
  return (resource, cache, options) =>
    new Reflector(client, resource, cache, { ...options, onError, observer: observe(resource.plural) });
}

/** For reflectors of one of the two clusters of a controller. */
export function reflectSide(context: ControllerContext, side: 'upper' | 'lower'): Reflect {
  const { metrics, logger } = context;
  return reflectFrom(context[side], {
    onError: (message) => logger.warn({ message }, 'a watch failed and goes on'),
    observe: (resource) => metrics?.watch(side, resource),
  });
}
