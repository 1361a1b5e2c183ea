import type { ClusterConfiguration } from '../clusters/lower-cluster.ts';
import type { CreateController } from '../clusters/node-controller.ts';
import { tellImmediateClaims } from '../controllers/storage/immediate-claims.ts';
import { withoutStorage } from '../controllers/storage/no-storage.ts';
import { createStorageController } from '../controllers/storage/storage-controller.ts';
import { UpperStorage } from '../controllers/storage/upper-storage.ts';
import type { Client } from '../kube/client.ts';
import { KubeError } from '../kube/errors.ts';
import { EventRecorder } from '../kube/event-recorder.ts';
import type { Logger } from '../kube/logger.ts';
import type { ProviderFlags } from './provider-flags.ts';

/** tensile-kube's names, as `--enable-controllers` takes them. */
const controllerNames = ['PVControllers', 'ServiceControllers'] as const;

export interface ControllersOptions {
  readonly flags: Pick<ProviderFlags, 'enable-controllers' | 'storage-provisioners'>;
  readonly upper: Client;
  readonly logger: Logger;
  /** Ends the watches that all virtual nodes share. */
  readonly signal: AbortSignal;
}

/**
 * What works beside the pods of each virtual node, as the flags say.
 *
 * @throws KubeError `Configuration` when a flag names a controller that there is not
 */
export function controllers({
  flags,
  upper,
  logger,
  signal,
}: ControllersOptions): (configuration: ClusterConfiguration) => readonly CreateController[] {
  const enabled = enabledControllers(flags['enable-controllers']);
  const provisioners = new Set(words(flags['storage-provisioners']));
  const known = new Map<string | undefined, UpperStorage>();
  const storageOf = (namespace: string | undefined) => {
    const before = known.get(namespace);
    if (before) return before;
    const onError = (message: string) => logger.warn({ message }, 'a watch failed and goes on');
    const storage = new UpperStorage({ upper, namespace, onError });
    const events = new EventRecorder(upper, { component: 'isthmus', host: 'isthmus' });
    tellImmediateClaims(storage, provisioners, events);
    void storage.run(signal);
    known.set(namespace, storage);
    return storage;
  };
  return ({ namespace, storageClasses }) => [
    enabled.has('PVControllers')
      ? createStorageController({
          upperStorage: storageOf(namespace),
          classMap: storageClasses,
          provisioners,
        })
      : withoutStorage,
  ];
}

function enabledControllers(text: string): ReadonlySet<string> {
  const names = words(text);
  for (const name of names)
    if (!controllerNames.some((known) => known === name))
      throw new KubeError(
        'Configuration',
        `--enable-controllers: "${name}" is none of ${controllerNames.join(', ')}`,
      );
  return new Set(names);
}

function words(text: string): string[] {
  return text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}
