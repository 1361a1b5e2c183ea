import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Pod } from '../../kube/types.ts';
import { isOurs, marks } from '../../translate/marks.ts';
import { isFinished, notedLowerUid } from '../../translate/pod-status.ts';
import { lowerPod, owner, raw, upperPod } from '../../translate/test-objects.ts';
import { decide } from './pod-decision.ts';

const time = '2026-01-02T03:04:05Z';
const job = ['batch.kubernetes.io/job-tracking'];
const note = { 'isthmus.io/lower-pod': 'upper-uid/gone-uid' };
const noLabel = { labels: { app: 'web' } };

/** Every state in which an upper pod may be found. */
const uppers = {
  absent: undefined,
  live: upperPod(),
  noted: upperPod({ metadata: { annotations: note } }),
  'noted on a copy': upperPod({ metadata: { annotations: { 'isthmus.io/lower-pod': 'other/gone-uid' } } }),
  unlabelled: upperPod({ metadata: noLabel }),
  'noted, unlabelled': upperPod({ metadata: { ...noLabel, annotations: note } }),
  finished: upperPod({ status: { phase: 'Failed' } }),
  'finished, noted': upperPod({ metadata: { annotations: note }, status: { phase: 'Failed' } }),
  deleting: upperPod({ metadata: { deletionTimestamp: time, deletionGracePeriodSeconds: 30 } }),
  'deleting, unlabelled': upperPod({
    metadata: { ...noLabel, deletionTimestamp: time, deletionGracePeriodSeconds: 30 },
  }),
  'deleting, finished': upperPod({
    metadata: { deletionTimestamp: time, deletionGracePeriodSeconds: 0, annotations: note },
    status: { phase: 'Failed' },
  }),
  'deleting, held': upperPod({
    metadata: { deletionTimestamp: time, deletionGracePeriodSeconds: 30, finalizers: job, annotations: note },
  }),
  'deleting, held, finished': upperPod({
    metadata: { deletionTimestamp: time, deletionGracePeriodSeconds: 30, finalizers: job },
    status: { phase: 'Failed' },
  }),
  'deleting, held, finished, let go': upperPod({
    metadata: { deletionTimestamp: time, deletionGracePeriodSeconds: 0, finalizers: job },
    status: { phase: 'Failed' },
  }),
} satisfies Record<string, Pod | undefined>;

const of = (upperCluster: string, virtualNode: string, uid: string) =>
  marks({ upperCluster, virtualNode }, uid);
const { upperCluster, virtualNode } = owner;

/** Everybody to whom a lower pod may belong. */
const owners = {
  same: marks(owner, 'upper-uid'),
  older: marks(owner, 'older-uid'),
  'no uid': raw<object>({
    labels: { 'virtual-pod': 'true' },
    annotations: { 'isthmus.io/upper-cluster': upperCluster, 'isthmus.io/virtual-node': virtualNode },
  }),
  'other node': of(upperCluster, 'vk-b', 'upper-uid'),
  'other upper': of('other-cluster', virtualNode, 'upper-uid'),
  foreign: raw<object>({ labels: { app: 'theirs' }, annotations: null }),
  'label only': raw<object>({ labels: { 'virtual-pod': 'true' }, annotations: null }),
};

const states = {
  live: {},
  deleting: { metadata: { deletionTimestamp: time, deletionGracePeriodSeconds: 30 } },
  finished: { status: { phase: 'Failed' } },
};

type Upper = keyof typeof uppers;
type Owner = keyof typeof owners;
type State = keyof typeof states;

function lowerOf(whose: Owner, state: State): Pod {
  const { metadata = {}, status = {} } = states[state] as { metadata?: object; status?: object };
  return lowerPod({ metadata: { ...raw<object>(owners[whose]), ...metadata }, status });
}

/** A decision in a few letters, for a table. */
function brief(upper: Pod | undefined, lower: Pod | undefined): string {
  const decision = decide(upper, lower, owner);
  if (decision.do === 'wait') return `wait ${decision.refusal.reason}${decision.remove ? ', remove' : ''}`;
  if (decision.do === 'fail') return `fail ${decision.lowerUid}`;
  if (decision.do === 'delete-lower') return `delete-lower ${decision.gracePeriodSeconds}`;
  return decision.do;
}

describe('without a lower pod', () => {
  test.each<[Upper, string]>([
    ['absent', 'nothing'],
    ['live', 'create'],
    ['noted', 'fail gone-uid'],
    ['noted on a copy', 'create'],
    ['unlabelled', 'wait NotVirtualPod'],
    ['noted, unlabelled', 'fail gone-uid'],
    ['finished', 'nothing'],
    ['finished, noted', 'nothing'],
    ['deleting', 'remove-upper'],
    ['deleting, unlabelled', 'remove-upper'],
    ['deleting, finished', 'remove-upper'],
    // A finalizer, such as the Job controller's, holds the pod until somebody has read how it ended.
    ['deleting, held', 'fail gone-uid'],
    ['deleting, held, finished', 'remove-upper'],
    ['deleting, held, finished, let go', 'nothing'],
  ])('upper %s: %s', (upper, expected) => {
    expect(brief(uppers[upper], undefined)).toBe(expected);
  });

  test('a held pod that never ran below has an end, too', () => {
    const metadata = { deletionTimestamp: time, deletionGracePeriodSeconds: 30, finalizers: job };
    expect(brief(upperPod({ metadata }), undefined)).toBe('fail ');
  });

  test.each([null, []])('finalizers %j hold nothing', (finalizers) => {
    const metadata = { deletionTimestamp: time, deletionGracePeriodSeconds: 0, finalizers };
    expect(brief(upperPod({ metadata }), undefined)).toBe('remove-upper');
  });
});

/** Rows: the upper pod. Columns: the lower one live, deleting, finished. */
type Row = [Upper, string, string, string];

function check(whose: Owner[], rows: Row[]): void {
  test('has a row for every upper pod', () => {
    expect(rows.map(([upper]) => upper)).toEqual(Object.keys(uppers));
  });
  const cases = whose.flatMap((each) =>
    rows.flatMap(([upper, live, deleting, finished]) => [
      [each, 'live', upper, live] as const,
      [each, 'deleting', upper, deleting] as const,
      [each, 'finished', upper, finished] as const,
    ]),
  );
  test.each(cases)('lower %s %s, upper %s: %s', (each, state, upper, expected) => {
    expect(brief(uppers[upper], lowerOf(each, state))).toBe(expected);
  });
}

describe('with the lower pod that was made for it', () => {
  check(
    ['same'],
    [
      ['absent', 'delete-orphan', 'delete-orphan', 'delete-orphan'],
      ['live', 'mirror', 'mirror', 'mirror'],
      ['noted', 'mirror', 'mirror', 'mirror'],
      ['noted on a copy', 'mirror', 'mirror', 'mirror'],
      ['unlabelled', 'mirror', 'mirror', 'mirror'],
      ['noted, unlabelled', 'mirror', 'mirror', 'mirror'],
      ['finished', 'delete-lower undefined', 'nothing', 'mirror'],
      ['finished, noted', 'delete-lower undefined', 'nothing', 'mirror'],
      ['deleting', 'delete-lower 30', 'mirror', 'delete-lower 30'],
      ['deleting, unlabelled', 'delete-lower 30', 'mirror', 'delete-lower 30'],
      // The deletion below was asked for with more time than the one above leaves.
      ['deleting, finished', 'delete-lower 0', 'delete-lower 0', 'delete-lower 0'],
      ['deleting, held', 'delete-lower 30', 'mirror', 'delete-lower 30'],
      ['deleting, held, finished', 'delete-lower 30', 'mirror', 'delete-lower 30'],
      ['deleting, held, finished, let go', 'delete-lower 0', 'delete-lower 0', 'delete-lower 0'],
    ],
  );

  test('a pod that has ended one way does not end another way', () => {
    const succeeded = upperPod({ status: { phase: 'Succeeded' } });
    expect(brief(succeeded, lowerOf('same', 'finished'))).toBe('nothing');
    expect(brief(succeeded, lowerPod({ status: { phase: 'Succeeded' } }))).toBe('mirror');
  });
});

describe('with a lower pod that was made for an earlier pod of the name', () => {
  const waits = [
    'wait PreviousPodTerminating, remove',
    'wait PreviousPodTerminating',
    'wait PreviousPodTerminating, remove',
  ] as const;
  check(
    ['older', 'no uid'],
    [
      ['absent', 'delete-orphan', 'delete-orphan', 'delete-orphan'],
      ['live', ...waits],
      ['noted', 'fail gone-uid', 'fail gone-uid', 'fail gone-uid'],
      ['noted on a copy', ...waits],
      ['unlabelled', ...waits],
      ['noted, unlabelled', 'fail gone-uid', 'fail gone-uid', 'fail gone-uid'],
      // A finished pod wants nothing of the name below, so nothing but this would ever remove the older one.
      ['finished', 'delete-orphan', 'delete-orphan', 'delete-orphan'],
      ['finished, noted', 'delete-orphan', 'delete-orphan', 'delete-orphan'],
      ['deleting', 'remove-upper', 'remove-upper', 'remove-upper'],
      ['deleting, unlabelled', 'remove-upper', 'remove-upper', 'remove-upper'],
      ['deleting, finished', 'remove-upper', 'remove-upper', 'remove-upper'],
      ['deleting, held', 'fail gone-uid', 'fail gone-uid', 'fail gone-uid'],
      ['deleting, held, finished', 'remove-upper', 'remove-upper', 'remove-upper'],
      ['deleting, held, finished, let go', 'delete-orphan', 'delete-orphan', 'delete-orphan'],
    ],
  );
});

describe('with a lower pod that is somebody else’s', () => {
  const waits = ['wait NameCollision', 'wait NameCollision', 'wait NameCollision'] as const;
  const all = (decision: string) => [decision, decision, decision] as const;
  check(
    ['other node', 'other upper', 'foreign', 'label only'],
    [
      ['absent', ...all('nothing')],
      ['live', ...waits],
      ['noted', ...all('fail gone-uid')],
      ['noted on a copy', ...waits],
      // It would not run here with the name free either.
      ['unlabelled', ...all('wait NotVirtualPod')],
      ['noted, unlabelled', ...all('fail gone-uid')],
      ['finished', ...all('nothing')],
      ['finished, noted', ...all('nothing')],
      ['deleting', ...all('remove-upper')],
      ['deleting, unlabelled', ...all('remove-upper')],
      ['deleting, finished', ...all('remove-upper')],
      ['deleting, held', ...all('fail gone-uid')],
      ['deleting, held, finished', ...all('remove-upper')],
      ['deleting, held, finished, let go', ...all('nothing')],
    ],
  );

  test.each<[Owner, string]>([
    ['other node', 'another virtual node'],
    ['other upper', 'another upper cluster'],
    ['foreign', 'the lower cluster itself'],
    ['label only', 'the lower cluster itself'],
  ])('%s: the message says that it belongs to %s', (whose, expected) => {
    const decision = decide(uppers.live, lowerOf(whose, 'live'), owner);
    expect(decision).toMatchObject({
      refusal: { message: `pod shop/web-0 exists in the lower cluster and belongs to ${expected}` },
    });
  });
});

test('a lower pod that went before it could be noted above is not made again', () => {
  const seen = 'gone-uid';
  expect(decide(uppers.live, undefined, owner, seen)).toEqual({
    do: 'fail',
    upper: uppers.live,
    lowerUid: seen,
  });
  expect(decide(uppers.live, lowerOf('foreign', 'live'), owner, seen).do).toBe('fail');
  expect(decide(uppers.live, lowerOf('same', 'live'), owner, seen).do).toBe('mirror');
  expect(decide(uppers.finished, undefined, owner, seen).do).toBe('nothing');
});

describe('the grace period goes down with the deletion', () => {
  const deleting = (deletionGracePeriodSeconds: number | undefined) => ({
    metadata: {
      deletionTimestamp: time,
      ...(deletionGracePeriodSeconds === undefined ? {} : { deletionGracePeriodSeconds }),
    },
  });

  test.each<[string, number | undefined, number | 'live' | undefined, string]>([
    ['as it is', 30, 'live', 'delete-lower 30'],
    ['none', 0, 'live', 'delete-lower 0'],
    ['unknown', undefined, 'live', 'delete-lower undefined'],
    ['once', 30, 30, 'mirror'],
    ['shortened above', 5, 30, 'delete-lower 5'],
    ['forced above', 0, 30, 'delete-lower 0'],
    ['shortened below', 30, 5, 'mirror'],
    // The API server leaves one second where the time was up already.
    ['forced above, a second left below', 0, 1, 'delete-lower 0'],
    ['unknown above', undefined, 30, 'mirror'],
    ['unknown below', 30, undefined, 'mirror'],
  ])('%s', (_, above, below, expected) => {
    const metadata = { ...marks(owner, 'upper-uid'), ...(below === 'live' ? {} : deleting(below).metadata) };
    expect(brief(upperPod(deleting(above)), lowerPod({ metadata }))).toBe(expected);
  });
});

describe('for any pair of pods', () => {
  const uid = fc.constantFrom('upper-uid', 'older-uid');
  const maybe = <T>(value: T) => fc.option(fc.constant(value), { nil: undefined });
  const deletion = fc.option(
    fc.record({
      deletionTimestamp: fc.constant(time),
      deletionGracePeriodSeconds: fc.constantFrom(0, 1, 30, undefined),
    }),
    { nil: {} },
  );
  const status = fc.record({
    phase: fc.constantFrom('Pending', 'Running', 'Succeeded', 'Failed', 'Unknown', undefined),
  });
  const upper = fc.option(
    fc
      .record({
        uid,
        label: maybe('true'),
        noted: fc.constantFrom(undefined, '', 'upper-uid/x', 'older-uid/y'),
        deletion,
        status,
        finalizers: fc.constantFrom(undefined, [], job),
      })
      .map(({ uid, label, noted, deletion, status, finalizers }) =>
        upperPod({
          metadata: {
            uid,
            finalizers,
            labels: { 'virtual-pod': label },
            annotations: { 'isthmus.io/lower-pod': noted },
            ...deletion,
          },
          status,
        }),
      ),
    { nil: undefined },
  );
  const lower = fc.option(
    fc
      .record({
        label: maybe('true'),
        cluster: fc.constantFrom(upperCluster, 'other', undefined),
        node: fc.constantFrom(virtualNode, 'vk-b', undefined),
        uid,
        deletion,
        status,
      })
      .map(({ label, cluster, node, uid, deletion, status }) =>
        lowerPod({
          metadata: {
            labels: { 'virtual-pod': label },
            annotations: {
              'isthmus.io/upper-cluster': cluster,
              'isthmus.io/virtual-node': node,
              'isthmus.io/upper-uid': uid,
            },
            ...deletion,
          },
          status,
        }),
      ),
    { nil: undefined },
  );
  const any = { numRuns: 1_000 };

  test('it is decided the same way each time, and neither pod is touched', () => {
    fc.assert(
      fc.property(upper, lower, (above, below) => {
        expect(decide(above, below, owner)).toEqual(decide(above, below, owner));
      }),
      any,
    );
  });

  test('nothing is done to a lower pod without our marks', () => {
    fc.assert(
      fc.property(upper, lower, (above, below) => {
        const decision = decide(above, below, owner);
        const touched =
          'lower' in decision ? decision.lower : 'remove' in decision ? decision.remove : undefined;
        if (touched) expect(isOurs(touched, owner)).toBe(true);
        if (below && !isOurs(below, owner)) expect(touched).toBeUndefined();
      }),
      any,
    );
  });

  test('a pod is made below at most once: not beside another, not after its end, not without the label', () => {
    fc.assert(
      fc.property(upper, lower, (above, below) => {
        if (decide(above, below, owner).do !== 'create') return;
        expect(below).toBeUndefined();
        expect(above && isFinished(above)).toBe(false);
        expect(above && notedLowerUid(above)).toBeUndefined();
        expect(above?.metadata?.deletionTimestamp).toBeUndefined();
        expect(above?.metadata?.labels?.['virtual-pod']).toBe('true');
      }),
      any,
    );
  });

  test('a status comes only from the pod that was made for this one', () => {
    fc.assert(
      fc.property(upper, lower, (above, below) => {
        const decision = decide(above, below, owner);
        if (decision.do !== 'mirror') return;
        expect(below?.metadata?.annotations?.['isthmus.io/upper-uid']).toBe(above?.metadata?.uid);
        if (above && isFinished(above) && !above.metadata?.deletionTimestamp) {
          expect(below?.status?.phase).toBe(above.status?.phase);
        }
      }),
      any,
    );
  });

  test('an upper pod goes only when it is to go and nothing of it is left below', () => {
    fc.assert(
      fc.property(upper, lower, (above, below) => {
        if (decide(above, below, owner).do !== 'remove-upper') return;
        expect(above?.metadata?.deletionTimestamp).toBe(time);
        expect(
          below &&
            isOurs(below, owner) &&
            below.metadata?.annotations?.['isthmus.io/upper-uid'] === above?.metadata?.uid,
        ).toBeFalsy();
      }),
      any,
    );
  });

  test('a pod that has ended is never failed', () => {
    fc.assert(
      fc.property(upper, lower, (above, below) => {
        if (above && isFinished(above)) expect(decide(above, below, owner).do).not.toBe('fail');
      }),
      any,
    );
  });
});
