import type { StartController } from '../clusters/controller.ts';
import { networkPolicyControllers } from '../controllers/services/network-policy-controllers.ts';
import { serviceControllers } from '../controllers/services/service-controllers.ts';
import { type Picture, SharedPictures } from '../controllers/services/shared-pictures.ts';
import { UpperPolicies } from '../controllers/services/upper-policies.ts';
import { UpperServices } from '../controllers/services/upper-services.ts';
import { Client } from '../kube/client.ts';
import { KubeError } from '../kube/errors.ts';
import type { Logger } from '../kube/logger.ts';
import type { Transport } from '../kube/transport.ts';
import type { NodeMetrics } from '../metrics/node-metrics.ts';

/** What the controllers of all virtual nodes of a process share. */
export interface ControllersOptions {
  readonly upper: Transport;
  readonly metrics: NodeMetrics;
  readonly logger: Logger;
}

const byName = {
  PVControllers: () => [],
  ServiceControllers: (options) => [serviceControllers(shared(options, UpperServices))],
  // tensile-kube has none: it is for who asks for it.
  NetworkPolicyControllers: (options) => [networkPolicyControllers(shared(options, UpperPolicies))],
} satisfies Record<string, (options: ControllersOptions) => StartController[]>;

type ControllerName = keyof typeof byName;

/** Names of groups of controllers, as tensile-kube has them. */
const controllerNames = Object.keys(byName) as ControllerName[];

/** The controllers that `--enable-controllers` names. @throws KubeError `Configuration` */
export function enabledControllers(names: string, options: ControllersOptions): StartController[] {
  const words = names.split(',').map((word) => word.trim());
  return words.filter((word) => word !== '').flatMap((word) => byName[toName(word)](options));
}

function toName(word: string): ControllerName {
  const known = controllerNames.find((name) => name === word);
  if (known) return known;
  throw new KubeError(
    'Configuration',
    `--enable-controllers: "${word}" is none of ${controllerNames.join(', ')}`,
  );
}

/** What a picture of the upper cluster is made from. */
interface PictureOptions {
  readonly upper: Client;
  readonly namespace: string | undefined;
  readonly onError: (message: string) => void;
  readonly observe: (resource: string) => ReturnType<NodeMetrics['watch']>;
}

function shared<T extends Picture>(
  { upper, metrics, logger }: ControllersOptions,
  Kind: new (options: PictureOptions) => T,
): SharedPictures<T> {
  const client = new Client(upper, metrics.calls('upper'));
  const onError = (message: string) => logger.warn({ message }, 'a watch failed and goes on');
  const observe = (resource: string) => metrics.watch('upper', resource);
  return new SharedPictures((namespace) => new Kind({ upper: client, namespace, onError, observe }));
}
