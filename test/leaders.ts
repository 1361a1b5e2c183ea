import type { Client } from '../src/kube/client.ts';
import { leases } from '../src/kube/resources.ts';
import { eventually } from './clusters.ts';
import { readyNode } from './provider.ts';

/** Which replica leads each virtual node of the providers with `--clusters`, as the Leases say. */
export async function leadersOf(above: Client): Promise<Map<string, string>> {
  const labelSelector = 'isthmus.io/election=provider-file,isthmus.io/election-role=leader';
  const { items } = await above.list(leases, { namespace: 'isthmus-system', labelSelector });
  return new Map(
    items.map(({ metadata, spec }) => [
      metadata?.name?.replace('isthmus-provider-file-leader-', '') ?? '',
      spec?.holderIdentity ?? '',
    ]),
  );
}

/** Waits until each of these nodes is led and Ready, and returns the leaders; a complaint ends with `logs()`. */
export function untilAllLed(
  above: Client,
  nodeNames: readonly string[],
  logs: () => string,
): Promise<Map<string, string>> {
  return eventually(
    async () => {
      const led = await leadersOf(above);
      for (const name of nodeNames) {
        if (!led.get(name)) throw new Error(`nobody leads ${name}: ${logs()}`);
        await readyNode(above, name, logs);
      }
      return led;
    },
    { within: 60_000 },
  );
}
