import type { SlotTest } from './node-selector.ts';
import type { HostPort } from './pod-facts.ts';
import { count } from './pod-group.ts';
import { reach } from './reach.ts';

const everyAddress = '0.0.0.0';

/** Which nodes have which of their ports taken, and on which address. */
export class HostPorts {
  /** By protocol and port, then by address: how many pods of each slot. */
  readonly #ports = new Map<string, Map<string, Map<number, number>>>();

  use(slot: number, { ip, protocol, port }: HostPort): void {
    const name = `${protocol}/${port}`;
    const addresses = reach(this.#ports, name, () => new Map<string, Map<number, number>>());
    const slots = reach(addresses, ip, () => new Map<number, number>());
    count(slots, slot, 1);
  }

  free(slot: number, { ip, protocol, port }: HostPort): void {
    const name = `${protocol}/${port}`;
    const addresses = this.#ports.get(name);
    const slots = addresses?.get(ip);
    if (!addresses || !slots) return;
    count(slots, slot, -1);
    if (slots.size === 0) addresses.delete(ip);
    if (addresses.size === 0) this.#ports.delete(name);
  }

  /** Whether one of the ports is taken on a node; none when they are free on all (HostPortInfo.CheckConflict). */
  conflicts(ports: readonly HostPort[]): SlotTest | undefined {
    const taken = ports.flatMap(({ ip, protocol, port }) => {
      const addresses = this.#ports.get(`${protocol}/${port}`);
      if (!addresses) return [];
      if (ip === everyAddress) return [...addresses.values()];
      return [addresses.get(everyAddress) ?? [], addresses.get(ip) ?? []].flat();
    });
    return taken.length === 0 ? undefined : (slot) => taken.some((slots) => slots.has(slot));
  }
}
