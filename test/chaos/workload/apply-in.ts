import { apply } from '../../clusters.ts';
import type { ChaosWorld } from '../world.ts';

/** Applies a manifest above, in the namespace of the workload. */
export async function applyIn({ clusters, namespace }: ChaosWorld, manifest: object): Promise<void> {
  const metadata = 'metadata' in manifest ? (manifest.metadata as object) : {};
  await apply(clusters.upper, { ...manifest, metadata: { ...metadata, namespace } });
}
