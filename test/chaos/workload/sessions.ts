import { kubectlWith } from '../../clusters.ts';
import type { ChaosWorld } from '../world.ts';
import type { Stream } from './stream.ts';

/** `kubectl exec` and `kubectl logs -f` of pods on the first virtual node; what is followed is left after some seconds. */
export function sessionsOf(world: ChaosWorld): Stream {
  const { clusters, namespace, random } = world;
  return {
    name: 'sessions',
    every: 2_000,
    async step() {
      if (random.next() < 0.5) return sayHello(world);
      const signal = AbortSignal.timeout(1_000 * random.between(1, 5));
      const follow = ['-n', namespace, 'logs', '-f', 'deployment/talking'];
      await kubectlWith({ signal }, clusters.upper, ...follow).catch((error: unknown) => {
        if (!signal.aborted) throw error;
      });
    },
  };
}

/** Runs a command in a pod on the first virtual node. @throws when it does not say what it should */
export async function sayHello({ clusters, namespace }: ChaosWorld): Promise<void> {
  const signal = AbortSignal.timeout(10_000);
  const args = ['-n', namespace, 'exec', 'deployment/talking', '--', 'echo', 'hello'];
  const { stdout, stderr } = await kubectlWith({ signal }, clusters.upper, ...args);
  if (stdout.trim() !== 'hello') throw new Error(`kubectl exec: ${stderr}`);
}
