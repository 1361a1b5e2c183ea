import { beforeEach, describe, expect, test } from 'vitest';
import { KubeError } from '../../kube/errors.ts';
import type { Pod } from '../../kube/types.ts';
import { podDown } from '../../translate/pod-down.ts';
import { lowerPodNote } from '../../translate/pod-status.ts';
import type { Refusable } from '../../translate/policy.ts';
import { options, owner, raw, upperPod } from '../../translate/test-objects.ts';
import { mirror } from './pod-mirror.ts';
import type { PodSync } from './pod-sync.ts';
import type { Lack } from './quota.ts';
import { SyncLag } from './sync-lag.ts';

interface Sent {
  subresource?: string;
  patch: object;
}

/** What a mirror reads and writes, without clusters: patches are written down, and change nothing. */
function scene(refused: Refusable[], refuses: (sent: Sent) => boolean = () => false) {
  const sent: Sent[] = [];
  const told: string[] = [];
  const sync = {
    owner,
    down: { ...options, serviceAccounts: 'none', refused: new Set(refused) },
    now: () => new Date('2026-01-02T03:04:05Z'),
    lowerPods: { apply: () => undefined },
    upperPods: { apply: () => undefined },
    upper: {
      patch: async (_: unknown, __: unknown, patch: object) => {
        written.push(patch);
        return {};
      },
    },
    lower: {
      patch: async (_: unknown, { subresource }: Sent, patch: object) => {
        const one = { ...(subresource ? { subresource } : {}), patch };
        if (refuses(one)) throw new KubeError('Invalid', 'no');
        sent.push(one);
        return lower;
      },
    },
    mirrored: new WeakSet(),
    refusedEdits: new Map<string, string>(),
    quota: { admit: () => lack, correct: (key: string, pod: Pod) => corrected.push([key, pod]) },
    dependencies: { prepare: async () => [], release: () => [], reconcile: async () => 'in step' },
    events: { record: (_: unknown, _pod: Pod, { reason }: { reason: string }) => told.push(reason) },
    lag: new SyncLag({ owner, isServed: () => true, metrics: undefined }),
    logger: { info: () => undefined },
  } as unknown as PodSync;
  return { sync, sent, told };
}

let lower: Pod;
/** What was written to the upper pod. */
let written: object[];
/** What the quota was told that is there all the same. */
let corrected: [string, Pod][];
/** What the quota has not left. */
let lack: Lack | undefined;

/** An upper pod whose lower one was made before its last edit. */
function edited(before: object, after: object): Pod {
  const made = podDown(upperPod({ spec: before }), owner, { ...options, serviceAccounts: 'none' });
  lower = raw({ ...made, metadata: { ...made.metadata, uid: 'lower-uid' }, status: {} });
  const annotations = { 'isthmus.io/lower-pod': lowerPodNote(upperPod(), lower) };
  return upperPod({ metadata: { generation: 4, annotations }, spec: after });
}

beforeEach(() => {
  lack = undefined;
  written = [];
  corrected = [];
  lower = raw({});
});

describe('a debug container', () => {
  const privileged = [{ name: 'debug', securityContext: { privileged: true } }];

  test('that the policy forbids does not go down, and the pod is told', async () => {
    const { sync, sent, told } = scene(['privileged']);
    await mirror(sync, edited({}, { ephemeralContainers: privileged }), lower);
    expect(sent.map(({ subresource }) => subresource)).not.toContain('ephemeralcontainers');
    expect(told).toEqual(['RefusedByPolicy']);
  });

  test.each<[string, Refusable[], object[]]>([
    ['that the policy says nothing of', [], privileged],
    ['that is like any other', ['privileged'], [{ name: 'debug' }]],
  ])('%s goes down', async (_, refused, ephemeralContainers) => {
    const { sync, sent, told } = scene(refused);
    await mirror(sync, edited({}, { ephemeralContainers }), lower);
    expect(sent[0]).toMatchObject({
      subresource: 'ephemeralcontainers',
      patch: { metadata: { uid: 'lower-uid' }, spec: { ephemeralContainers } },
    });
    expect(told).toEqual([]);
  });
});

describe('an edit that the lower API server refuses', () => {
  const sized = (cpu: string) => ({
    containers: [{ name: 'main', image: 'i', resources: { requests: { cpu } } }],
  });

  test('is told and tried again, and keeps no label from going down', async () => {
    const { sync, sent, told } = scene([], ({ subresource }) => subresource === 'resize');
    const upper = edited(sized('1'), sized('64'));
    const result = await mirror(
      sync,
      raw({ ...upper, metadata: { ...upper.metadata, labels: { a: 'b' } } }),
      lower,
    );
    expect(sent).toEqual([
      {
        patch: expect.objectContaining({
          metadata: expect.objectContaining({ labels: { a: 'b', app: null } }),
        }),
      },
    ]);
    expect(told).toEqual(['LowerClusterRefused']);
    expect(result).toEqual({ requeueAfter: 30_000 });
  });

  test('takes no room from others', async () => {
    const { sync } = scene([], ({ subresource }) => subresource === 'resize');
    await mirror(sync, edited(sized('1'), sized('64')), lower);
    expect(corrected).toEqual([[expect.any(String), lower]]);
  });

  test('keeps no other edit of the spec back, and nothing says that the spec has arrived', async () => {
    const { sync, sent } = scene([], ({ subresource }) => subresource === 'ephemeralcontainers');
    const upper = edited(sized('1'), { ...sized('2'), ephemeralContainers: [{ name: 'debug' }] });
    for (const attempt of ['first', 'second']) {
      const result = await mirror(sync, upper, lower);
      expect([attempt, result]).toEqual([attempt, { requeueAfter: 30_000 }]);
    }
    expect(sent.map(({ subresource }) => subresource)).toEqual(['resize', 'resize']);
  });

  test('is told too where the quota of the virtual node has no room for it', async () => {
    const { sync, sent, told } = scene([]);
    lack = { resource: 'cpu', requested: 64n, used: 1n, limit: 2n };
    const result = await mirror(sync, edited(sized('1'), sized('64')), lower);
    expect(sent).toEqual([]);
    expect(told).toEqual(['OutOfcpu']);
    expect(result).toEqual({ requeueAfter: 30_000 });
  });
});

test.each(['Succeeded', 'Running'])(
  'a pod that is being deleted and has Failed stays so when it is %s below',
  async (phase) => {
    const { sync } = scene([]);
    const leaving = { deletionTimestamp: '2026-01-02T03:04:00Z', deletionGracePeriodSeconds: 30 };
    const { metadata } = edited({}, {});
    const upper = upperPod({ metadata: { ...metadata, ...leaving }, status: { phase: 'Failed' } });
    await mirror(sync, upper, { ...lower, status: { phase, message: 'other' } } as Pod);
    expect(written).toEqual([]);
  },
);
