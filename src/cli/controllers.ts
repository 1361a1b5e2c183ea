import type { StartController } from '../clusters/controller.ts';
import { serviceControllers } from '../controllers/services/service-controllers.ts';
import { SharedUpperServices, UpperServices } from '../controllers/services/upper-services.ts';
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
  ServiceControllers: (options) => [services(options)],
} satisfies Record<string, (options: ControllersOptions) => StartController[]>;

type ControllerName = keyof typeof byName;

/** tensile-kube's names of groups of controllers. */
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

function services({ upper, metrics, logger }: ControllersOptions): StartController {
  const client = new Client(upper, metrics.calls('upper'));
  return serviceControllers(
    new SharedUpperServices(
      (namespace) =>
        new UpperServices({
          upper: client,
          namespace,
          onError: (message) => logger.warn({ message }, 'a watch failed and goes on'),
          observe: (resource) => metrics.watch('upper', resource),
        }),
    ),
  );
}
