import { beforeEach, describe, expect, test } from 'vitest';
import { definitions } from './definitions.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import type { NodeMetrics } from './node-metrics.ts';

let metrics: Metrics;
beforeEach(() => {
  metrics = createMetrics('1.2.3');
});

/** The samples of our own metrics, without those of buckets. */
async function samples(part = ''): Promise<string[]> {
  const lines = (await metrics.text()).split('\n');
  return lines.filter(
    (line) => line.startsWith('isthmus_') && !line.includes('_bucket{') && line.includes(part),
  );
}

/** Tells the observers of a node one of everything. */
function useAll(node: NodeMetrics): void {
  const queue = node.queue('pod');
  queue.added(1);
  queue.added(2);
  queue.started(100, 1);
  queue.ended(20, 'failed');
  queue.started(300, 0);
  node.calls('upper').answered('patch', 409, 4);
  node.calls('lower').answered('get', 'Unreachable', 10_000);
  node.calls('lower').limited(1_500);
  node.watch('lower', 'pods').restarted('expired');
  node.lag('down', 250);
  node.read({
    streams: () => 3,
    isReachable: () => false,
    isInStep: () => true,
    waiting: (direction) => (direction === 'down' ? { pods: 2, oldest: 4_000 } : { pods: 0, oldest: 0 }),
  });
}

test('what the observers of a node are told is shown with its name', async () => {
  useAll(metrics.metricsFor('vk-a'));
  const vk = 'lower_cluster="vk-a"';
  const pod = `${vk},queue="pod"`;
  expect(new Set(await samples(vk))).toEqual(
    new Set([
      `isthmus_queue_depth{${pod}} 0`,
      `isthmus_queue_wait_seconds_sum{${pod}} 0.4`,
      `isthmus_queue_wait_seconds_count{${pod}} 2`,
      `isthmus_reconciles_running{${pod}} 1`,
      `isthmus_reconciles_total{${pod},result="failed"} 1`,
      `isthmus_reconcile_duration_seconds_sum{${pod}} 0.02`,
      `isthmus_reconcile_duration_seconds_count{${pod}} 1`,
      `isthmus_sync_lag_seconds_sum{${vk},direction="down"} 0.25`,
      `isthmus_sync_lag_seconds_count{${vk},direction="down"} 1`,
      `isthmus_sync_waiting_pods{${vk},direction="down"} 2`,
      `isthmus_sync_waiting_pods{${vk},direction="up"} 0`,
      `isthmus_sync_oldest_wait_seconds{${vk},direction="down"} 4`,
      `isthmus_sync_oldest_wait_seconds{${vk},direction="up"} 0`,
      `isthmus_api_calls_total{${vk},side="upper",verb="patch",code="409"} 1`,
      `isthmus_api_calls_total{${vk},side="lower",verb="get",code="Unreachable"} 1`,
      `isthmus_api_call_duration_seconds_sum{${vk},side="upper",verb="patch"} 0.004`,
      `isthmus_api_call_duration_seconds_count{${vk},side="upper",verb="patch"} 1`,
      `isthmus_api_rate_limited_seconds_total{${vk},side="lower"} 1.5`,
      `isthmus_watch_restarts_total{${vk},side="lower",resource="pods",reason="expired"} 1`,
      `isthmus_kubelet_streams{${vk}} 3`,
      `isthmus_lower_cluster_reachable{${vk}} 0`,
      `isthmus_caches_in_step{${vk}} 1`,
    ]),
  );
});

test('nothing of ours is registered that is not used above, and all of it has help', async () => {
  useAll(metrics.metricsFor('vk-a'));
  const text = await metrics.text();
  const shown = [...text.matchAll(/^# TYPE (isthmus_\S+) (\S+)$/gm)].map(([, name, kind]) => [name, kind]);
  const own = Object.entries(definitions).filter(([name]) => !/^isthmus_(webhook|descheduler)_/.test(name));
  expect(new Map(shown as [string, string][])).toEqual(new Map(own.map(([name, { kind }]) => [name, kind])));
  for (const [name, { help }] of own) expect(text).toContain(`# HELP ${name} ${help}\n`);
});

test('the process is measured too, once for each registry', async () => {
  const text = await createMetrics('x').text();
  for (const name of [
    'process_resident_memory_bytes',
    'nodejs_eventloop_lag_p99_seconds',
    'process_open_fds',
  ])
    expect(text).toMatch(new RegExp(`^${name} [\\d.e-]+$`, 'm'));
  expect(text).toContain('isthmus_build_info{version="x"} 1');
});

describe('a node that goes', () => {
  test('takes its series along, and leaves those of others', async () => {
    const a = metrics.metricsFor('vk-a');
    useAll(a);
    useAll(metrics.metricsFor('vk-b'));
    const before = await samples('vk-b');
    a.remove();
    expect(await samples('vk-a')).toEqual([]);
    expect(await metrics.text()).not.toContain('vk-a');
    expect(await samples('vk-b')).toEqual(before);
  });

  test('is not brought back by what ends late', async () => {
    const node = metrics.metricsFor('vk-a');
    const [queue, calls, watch] = [node.queue('pod'), node.calls('upper'), node.watch('upper', 'pods')];
    queue.started(1, 0);
    node.remove();
    queue.ended(1, 'done');
    queue.started(1, 0);
    calls.answered('get', 200, 1);
    calls.limited(1);
    watch.restarted('ended');
    node.lag('up', 1);
    expect(await samples('vk-a')).toEqual([]);
  });

  test('may come again, and its former self takes nothing from it', async () => {
    const former = metrics.metricsFor('vk-a');
    useAll(former);
    const latter = metrics.metricsFor('vk-a');
    latter.lag('up', 1_000);
    former.remove();
    former.lag('up', 1_000);
    expect((await samples('vk-a')).filter((line) => line.includes('_count'))).toEqual([
      'isthmus_sync_lag_seconds_count{lower_cluster="vk-a",direction="up"} 1',
    ]);
  });
});

test('virtual nodes that were given up are counted together', async () => {
  metrics.gaveUp();
  metrics.gaveUp();
  expect(await samples('given_up')).toEqual(['isthmus_leads_given_up_total 2']);
});
