import { services } from '../../../src/kube/resources.ts';
import { find } from '../../objects.ts';
import type { ChaosWorld } from '../world.ts';
import type { Stream } from './stream.ts';

/** A Service of the Deployment that is anywhere: made, changed, deleted and made again. */
export function serviceOf({ above, namespace, random }: ChaosWorld): Stream {
  const where = { namespace, name: 'anywhere' };
  return {
    name: 'services',
    every: 4_000,
    async step() {
      const ports = [{ name: 'http', port: random.between(80, 89) }];
      const known = await find(above, services, where);
      if (!known) {
        await above.create(services, { metadata: where, spec: { selector: { app: 'anywhere' }, ports } });
        return;
      }
      if (random.next() < 0.3) await above.delete(services, where, { uid: known.metadata?.uid ?? '' });
      else await above.patch(services, where, { spec: { ports } });
    },
  };
}
