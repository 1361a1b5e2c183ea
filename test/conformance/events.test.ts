import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { events, pods } from '../../src/kube/resources.ts';
import type { Event, Pod } from '../../src/kube/types.ts';
import { eventually } from '../clusters.ts';
import { podOn } from '../manifests.ts';
import { find } from '../objects.ts';
import { openStage, type Stage } from '../stage.ts';

/** So many events of one pod at once come up, as with client-go's own limit. */
const burst = 25;
const isRoot = process.getuid?.() === 0;
let stage: Stage;
beforeAll(async () => {
  stage = await openStage('events', 'a');
});
afterAll(() => stage?.close());

async function eventsAbove(name: string): Promise<Event[]> {
  const fieldSelector = `involvedObject.name=${name}`;
  return (await stage.above.list(events, { namespace: stage.namespace, fieldSelector })).items;
}

/** Something that somebody says of a lower pod. */
function saying({ metadata }: Pod, name: string): Event {
  const { namespace = '', name: pod = '', uid = '' } = metadata ?? {};
  const now = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
  return {
    metadata: { namespace, name },
    involvedObject: { apiVersion: 'v1', kind: 'Pod', namespace, name: pod, uid },
    type: 'Normal',
    reason: 'Said',
    message: `this is ${name}`,
    count: 1,
    firstTimestamp: now,
    lastTimestamp: now,
    source: { component: 'test' },
  };
}

async function below(name: string): Promise<Pod> {
  await stage.create(podOn(stage.node, name));
  return eventually(() => stage.podBelow(name));
}

describe.concurrent('events of the lower pod', () => {
  it.runIf(isRoot)('tell above why it does not start, each once with its count', async () => {
    const container = { image: 'registry.invalid/none:1', imagePullPolicy: 'Always' as const };
    await stage.create(podOn(stage.node, 'stuck', { container }));
    await eventually(async () => {
      const description = await stage.run('describe', 'pod', 'stuck');
      expect(description).toMatch(/Warning +Failed .*Failed to pull image "registry\.invalid\/none:1"/);
      expect(description).toMatch(/Normal +BackOff .*Back-off pulling image/);
    });
    const all = await eventsAbove('stuck');
    const texts = all.map(({ reason, message }) => `${reason}: ${message}`);
    expect(new Set(texts).size).toBe(texts.length);
    expect(all.every(({ involvedObject }) => involvedObject.uid === all[0]?.involvedObject.uid)).toBe(true);
    expect(all[0]?.involvedObject.uid).toBe((await stage.podAbove('stuck')).metadata?.uid);
  });

  it('raise the count above when they are repeated', async () => {
    const event = saying(await below('repeats'), 'again');
    const where = { namespace: stage.namespace, name: 'again' };
    await stage.below.create(events, event);
    await eventually(async () => expect(await find(stage.above, events, where)).toMatchObject({ count: 1 }));
    await stage.below.patch(events, where, { count: 7 });
    // A repetition is written above at most every half minute.
    await eventually(async () => expect(await find(stage.above, events, where)).toMatchObject({ count: 7 }), {
      within: 60_000,
    });
  });

  it('are limited for each pod, and one that says much takes nothing from others', async () => {
    const [chatty, quiet] = [await below('chatty'), await below('quiet')];
    for (let index = 0; index < 3 * burst; index++)
      await stage.below.create(events, saying(chatty, `chatter-${index}`));
    await stage.below.create(events, saying(quiet, 'one-word'));
    // They are written in the order in which they came, so that what is still to come is at most those under way.
    const last = { namespace: stage.namespace, name: 'one-word' };
    await eventually(async () => expect(await find(stage.above, events, last)).toBeDefined());
    const said = (await eventsAbove('chatty')).filter(({ reason }) => reason === 'Said');
    expect(said.length).toBeGreaterThan(burst / 2);
    expect(said.length).toBeLessThanOrEqual(burst);
  });

  it('are not taken for those of a new pod of the same name', async () => {
    const first = await below('twice');
    await stage.run('delete', 'pod', 'twice', '--now');
    await stage.gone(stage.above, pods, 'twice');
    const second = await below('twice');
    await stage.below.create(events, saying(first, 'of-the-first'));
    await stage.below.create(events, saying(second, 'of-the-second'));
    const named = (name: string) => find(stage.above, events, { namespace: stage.namespace, name });
    await eventually(async () => expect(await named('of-the-second')).toBeDefined());
    expect(await named('of-the-first')).toBeUndefined();
  });
});
