import { burst, createdDirectly } from './burst.ts';
import { type Bench, contendersOf, type Measurement, type Row, type Who } from './parts/bench.ts';

/** So many pods at once on one virtual node, by each contender and straight in the lower cluster. */
export function manyPods(count: number, { hasToken = false } = {}): Measurement {
  return async (bench: Bench) => {
    const figures: Record<
      'created' | 'deleted' | 'cpu' | 'memory' | 'writes',
      Partial<Record<Who, number>>
    > = {
      ...{ created: {}, deleted: {}, cpu: {}, memory: {}, writes: {} },
    };
    for (const [who, contender] of contendersOf(bench)) {
      const running = await contender.start(bench.place);
      try {
        await burst(bench.place, running, 50);
        const of = await burst(bench.place, running, count, { hasToken });
        figures.created[who] = of.created;
        figures.deleted[who] = of.deleted;
        figures.cpu[who] = of.cpuCreated + of.cpuDeleted;
        figures.memory[who] = of.peakMemory;
        figures.writes[who] = of.writes;
        bench.progress(
          `${who}, ${count} pods: ${of.created.toFixed(0)} created and ${of.deleted.toFixed(0)} deleted in a second`,
        );
      } finally {
        await running.stop();
      }
    }
    if (!hasToken) figures.created.direct = await createdDirectly(bench.place, count);
    const name = `${count} pods at once${hasToken ? ' with tokens' : ''}`;
    const rows: Row[] = [
      { what: `${name}, created`, unit: 'pods/s', figures: figures.created, aim: 'at least 1' },
      { what: `${name}, deleted`, unit: 'pods/s', figures: figures.deleted, aim: 'at least 1' },
      { what: `${name}: CPU for a life`, unit: 'ms', figures: figures.cpu, aim: 'at most 2' },
      { what: `${name}: memory at most`, unit: 'MB', figures: figures.memory, aim: 'under 250 MB at 10,000' },
      { what: `${name}: writes for a life`, unit: 'writes', figures: figures.writes },
    ];
    return rows;
  };
}
