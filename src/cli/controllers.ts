import type { StartController } from '../clusters/controller.ts';
import { networkPolicyControllers } from '../controllers/services/network-policy-controllers.ts';
import { serviceControllers } from '../controllers/services/service-controllers.ts';
import { UpperPolicies } from '../controllers/services/upper-policies.ts';
import { UpperServices } from '../controllers/services/upper-services.ts';
import { type Picture, type PictureOptions, SharedPictures } from '../controllers/shared-pictures.ts';
import { tellImmediateClaims } from '../controllers/storage/immediate-claims.ts';
import { withoutStorage } from '../controllers/storage/no-storage.ts';
import { storageControllers } from '../controllers/storage/storage-controllers.ts';
import { UpperStorage } from '../controllers/storage/upper-storage.ts';
import { Client } from '../kube/client.ts';
import { describeError, KubeError } from '../kube/errors.ts';
import { EventRecorder } from '../kube/event-recorder.ts';
import type { Logger } from '../kube/logger.ts';
import type { Transport } from '../kube/transport.ts';
import type { NodeMetrics } from '../metrics/node-metrics.ts';
import type { ProviderFlags } from './provider-flags.ts';
import { words } from './words.ts';

/** What the controllers of all virtual nodes of a process share. */
export interface ControllersOptions {
  readonly upper: Transport;
  readonly metrics: NodeMetrics;
  readonly logger: Logger;
  readonly flags: Pick<ProviderFlags, 'storage-provisioners'>;
}

const byName = {
  PVControllers: (options) => [storage(options)],
  ServiceControllers: (options) => [serviceControllers(shared(options, UpperServices))],
  // tensile-kube has none: it is for who asks for it.
  NetworkPolicyControllers: (options) => [networkPolicyControllers(shared(options, UpperPolicies))],
} satisfies Record<string, (options: ControllersOptions) => StartController[]>;

type ControllerName = keyof typeof byName;

/** Names of groups of controllers, as tensile-kube has them. */
const controllerNames = Object.keys(byName) as ControllerName[];

/** The controllers that `--enable-controllers` names. @throws KubeError `Configuration` */
export function enabledControllers(names: string, options: ControllersOptions): StartController[] {
  const enabled = words(names).map(toName);
  const controllers = enabled.flatMap((name) => byName[name](options));
  return enabled.includes('PVControllers') ? controllers : [withoutStorage, ...controllers];
}

function toName(word: string): ControllerName {
  const known = controllerNames.find((name) => name === word);
  if (known) return known;
  throw new KubeError(
    'Configuration',
    `--enable-controllers: "${word}" is none of ${controllerNames.join(', ')}`,
  );
}

function shared<T extends Picture>(
  options: ControllersOptions,
  Kind: new (options: PictureOptions) => T,
): SharedPictures<T> {
  return new SharedPictures((namespace) => new Kind(pictureOptions(options, namespace)));
}

function storage(options: ControllersOptions): StartController {
  const { upper, metrics, logger, flags } = options;
  const provisioners = new Set(words(flags['storage-provisioners']));
  const client = new Client(upper, metrics.calls('upper'));
  const events = new EventRecorder(client, {
    component: 'isthmus',
    host: 'isthmus',
    onError: (error) => logger.warn({ message: describeError(error) }, 'an event was not written'),
  });
  const shared = new SharedPictures((namespace) => {
    const picture = new UpperStorage(pictureOptions(options, namespace));
    tellImmediateClaims(picture, provisioners, events);
    return picture;
  });
  return storageControllers({ shared, provisioners });
}

function pictureOptions(
  { upper, metrics, logger }: ControllersOptions,
  namespace: string | undefined,
): PictureOptions {
  return {
    upper: new Client(upper, metrics.calls('upper')),
    namespace,
    onError: (message) => logger.warn({ message }, 'a watch failed and goes on'),
    observe: (resource) => metrics.watch('upper', resource),
  };
}
