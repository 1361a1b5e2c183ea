import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { execute } from '../../hack/clusters/exec.ts';
import { freePorts } from '../../hack/clusters/plan.ts';
import { eventually, kubectlWith } from '../clusters.ts';
import { podOn } from '../manifests.ts';
import { openStage, type Stage } from '../stage.ts';

let stage: Stage;
let port: number;

beforeAll(async () => {
  [port = 0] = await freePorts(1);
  stage = await openStage('operations', 'b', { flags: ['--metrics-addr', `:${port}`] });
});
afterAll(() => stage?.close());

/** Asks from the machine, which is another one than the provider's where clusters have networks of their own. */
async function ask(path: string): Promise<{ code: number | undefined; body: string }> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request({ host: stage.upper.address, port, path }, resolve).on('error', reject).end();
  });
  return { code: response.statusCode, body: await text(response) };
}

/** The value of a sample of the stage's virtual node; 0 when it is not there. */
async function sample(name: string, labels = ''): Promise<number> {
  const { body } = await ask('/metrics');
  const start = `${name}{lower_cluster="${stage.node}"${labels && ','}${labels}} `;
  const line = body.split('\n').find((one) => one.startsWith(start));
  return Number(line?.slice(start.length) ?? 0);
}

it('counts a pod on its way down and up', async () => {
  await stage.create(podOn(stage.node, 'secret-name'));
  await stage.reaches('secret-name', 'Running');
  expect(await sample('isthmus_sync_lag_seconds_count', 'direction="down"')).toBe(1);
  expect(await sample('isthmus_sync_lag_seconds_sum', 'direction="down"')).toBeLessThan(10);
  await eventually(async () => {
    expect(await sample('isthmus_sync_lag_seconds_count', 'direction="up"')).toBeGreaterThanOrEqual(1);
    expect(await sample('isthmus_sync_waiting_pods', 'direction="up"')).toBe(0);
  });
  expect(await sample('isthmus_reconcile_duration_seconds_count', 'queue="pod"')).toBeGreaterThan(1);
  expect(await sample('isthmus_api_calls_total', 'side="lower",verb="create",code="201"')).toBeGreaterThan(0);
  expect(await sample('isthmus_lower_cluster_reachable')).toBe(1);
  expect(await sample('isthmus_caches_in_step')).toBe(1);
});

it('counts three watches of the upper cluster: its pods, its node, and the PersistentVolumes of its claims', async () => {
  // One too many costs the API server as much for every virtual node.
  await eventually(async () =>
    expect(await sample('isthmus_api_calls_total', 'side="upper",verb="watch",code="200"')).toBe(3),
  );
});

it('names no pod, no path and no address in a metric', async () => {
  const { body } = await ask('/metrics');
  for (const word of ['secret-name', stage.namespace, '/api/', stage.lower.address])
    expect(body).not.toContain(word);
});

it('counts the logs that are followed while they are', async () => {
  expect(await sample('isthmus_kubelet_streams')).toBe(0);
  const leaving = new AbortController();
  const args = ['-n', stage.namespace, 'logs', '-f', 'secret-name'];
  const following = kubectlWith({ signal: leaving.signal }, stage.upper, ...args).catch(() => {});
  await eventually(async () => expect(await sample('isthmus_kubelet_streams')).toBe(1));
  leaving.abort();
  await following;
  await eventually(async () => expect(await sample('isthmus_kubelet_streams')).toBe(0));
});

it('is alive and ready', async () => {
  expect(await ask('/healthz')).toEqual({ code: 200, body: 'ok\n' });
  expect(await ask('/readyz')).toEqual({ code: 200, body: `[+] ${stage.node}: in step\nready\n` });
});

it('gives a profile to who is on its machine, and to nobody else', async () => {
  const { namespace } = stage.upper;
  const program = `fetch('http://127.0.0.1:${port}/debug/profile?seconds=0.1').then(async (answer) => {
    console.log(answer.status, Object.keys(await answer.json()).sort().join());
  })`;
  const enter = namespace === undefined ? [] : ['nsenter', `--net=/run/netns/${namespace}`];
  const [command = '', ...args] = [...enter, process.execPath, '-e', program];
  const { stdout, stderr } = await execute(command, args);
  expect([stdout, stderr]).toEqual(['200 endTime,nodes,samples,startTime,timeDeltas\n', '']);
  const isElsewhere = namespace !== undefined;
  expect((await ask('/debug/profile?seconds=0.1')).code).toBe(isElsewhere ? 403 : 200);
  expect((await ask('/debug/heap')).code).toBe(403);
});
