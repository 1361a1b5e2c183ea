import { describe, expect, test } from 'vitest';
import { withoutMergedKeys } from './label-keys.ts';
import { raw } from './test-objects.ts';

const hash = { key: 'pod-template-hash', operator: 'In', values: ['5d4f'] };
const notHash = { key: 'pod-template-hash', operator: 'NotIn', values: ['5d4f'] };
const app = { key: 'app', operator: 'In', values: ['web', 'api'] };

/** The label selector of a term after it went through, wherever in the spec it stands. */
const places: Record<string, (term: object) => object> = {
  'topology spread': (term) => ({
    topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'zone', ...term }],
  }),
  'required pod affinity': (term) => ({
    affinity: {
      nodeAffinity: { x: 1 },
      podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'zone', ...term }] },
    },
  }),
  'preferred pod affinity': (term) => ({
    affinity: {
      podAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [
          { weight: 5, podAffinityTerm: { topologyKey: 'zone', ...term } },
        ],
      },
    },
  }),
  'required pod anti-affinity': (term) => ({
    affinity: {
      podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'zone', ...term }] },
    },
  }),
  'preferred pod anti-affinity': (term) => ({
    affinity: {
      podAntiAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [
          { weight: 5, podAffinityTerm: { topologyKey: 'zone', ...term } },
        ],
      },
    },
  }),
};

describe.each(Object.entries(places))('in %s', (_, place) => {
  const matchLabelKeys = ['pod-template-hash'];
  const mismatchLabelKeys = ['pod-template-hash'];

  test.each([
    [
      'what the API server merged is taken out, for the lower one merges again and refuses a key it has twice',
      { matchLabelKeys, labelSelector: { matchLabels: { a: 'b' }, matchExpressions: [app, hash] } },
      { matchLabelKeys, labelSelector: { matchLabels: { a: 'b' }, matchExpressions: [app] } },
    ],
    [
      'an empty selector stays a selector',
      { matchLabelKeys, labelSelector: { matchExpressions: [hash] } },
      { matchLabelKeys, labelSelector: {} },
    ],
    [
      'mismatched keys too',
      { mismatchLabelKeys, labelSelector: { matchExpressions: [app, notHash] } },
      { mismatchLabelKeys, labelSelector: { matchExpressions: [app] } },
    ],
    [
      "a user's own expression of the same key stays",
      { mismatchLabelKeys, labelSelector: { matchExpressions: [notHash, hash, notHash] } },
      { mismatchLabelKeys, labelSelector: { matchExpressions: [notHash, hash] } },
    ],
    [
      'what was not merged, by an older API server, stays as it is',
      { matchLabelKeys, labelSelector: { matchExpressions: [app] } },
      { matchLabelKeys, labelSelector: { matchExpressions: [app] } },
    ],
    [
      'an expression with more values is nobody’s merge',
      { matchLabelKeys: ['app'], labelSelector: { matchExpressions: [app] } },
      { matchLabelKeys: ['app'], labelSelector: { matchExpressions: [app] } },
    ],
    [
      'without keys nothing was merged',
      { labelSelector: { matchExpressions: [hash] } },
      { labelSelector: { matchExpressions: [hash] } },
    ],
    ['no selector', { matchLabelKeys }, { matchLabelKeys }],
    [
      'null keys and values',
      {
        matchLabelKeys,
        mismatchLabelKeys: null,
        labelSelector: { matchExpressions: [{ ...hash, values: null }] },
      },
      {
        matchLabelKeys,
        mismatchLabelKeys: null,
        labelSelector: { matchExpressions: [{ ...hash, values: null }] },
      },
    ],
    [
      'null expressions',
      { matchLabelKeys, labelSelector: { matchExpressions: null } },
      { matchLabelKeys, labelSelector: { matchExpressions: null } },
    ],
    ['a null selector', { matchLabelKeys, labelSelector: null }, { matchLabelKeys, labelSelector: null }],
  ])('%s', (_, before, after) => {
    expect(withoutMergedKeys(raw(place(before)))).toEqual(place(after));
  });
});

test.each([
  {},
  { affinity: null, topologySpreadConstraints: null },
  { affinity: {}, topologySpreadConstraints: [] },
  { affinity: { podAffinity: null, podAntiAffinity: {} } },
  {
    affinity: {
      podAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: null,
        preferredDuringSchedulingIgnoredDuringExecution: [],
      },
    },
  },
])('a spec without terms stays as it is: %j', (spec) => {
  expect(withoutMergedKeys(raw(spec))).toEqual(spec);
});
