import { expect, test } from 'vitest';
import { annotationsDown } from './annotations-down.ts';

const annotations = {
  note: 'x',
  'isthmus.io/upper-uid': 'u',
  'kubectl.kubernetes.io/last-applied-configuration': '{}',
  'kubectl.kubernetes.io/restartedAt': 'now',
  'pv.kubernetes.io/bound': 'yes',
};

test('all go down but ours, and kubectl’s copy', () => {
  expect(Object.keys(annotationsDown({ annotations })).sort()).toEqual([
    'kubectl.kubernetes.io/restartedAt',
    'note',
    'pv.kubernetes.io/bound',
  ]);
});

test('but what else is to stay', () => {
  expect(annotationsDown({ annotations }, ['pv.', 'kubectl.'])).toEqual({ note: 'x' });
  expect(annotationsDown(undefined)).toEqual({});
});
