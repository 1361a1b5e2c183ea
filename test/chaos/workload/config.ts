import { configMaps } from '../../../src/kube/resources.ts';
import type { ChaosWorld } from '../world.ts';
import type { Stream } from './stream.ts';

/** Changes the ConfigMap that the Deployment mounts, every second. */
export function changesOfConfig({ above, namespace }: ChaosWorld): Stream {
  let value = 0;
  return {
    name: 'config',
    every: 1_000,
    async step() {
      value += 1;
      await above.patch(configMaps, { namespace, name: 'config' }, { data: { value: String(value) } });
    },
  };
}
