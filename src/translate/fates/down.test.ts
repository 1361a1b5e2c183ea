import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { PodSpec } from '../../kube/types.ts';
import { metadataDown } from '../pod-down.ts';
import { refusalOf } from '../refusal.ts';
import { specDown } from '../spec-down.ts';
import { options, owner, raw, upperPod } from '../test-objects.ts';
import { examples } from './examples.ts';
import { fieldsThatAre } from './fate.ts';
import { fates } from './fates.ts';
import { metadataFates } from './metadata.ts';
import { places } from './places.ts';

const specTypes = Object.keys(fates).filter(
  (type) => !/^(ObjectMeta|Pod(Status|Condition)|ContainerStatus)$/.test(type),
);

function fieldsOf(fate: 'carried' | 'dropped' | 'refused' | 'rewritten'): [type: string, field: string][] {
  return specTypes.flatMap((type) =>
    [...fieldsThatAre(fate, fates[type] ?? {})].map((field): [string, string] => [type, field]),
  );
}

type Around = Partial<Pick<(typeof examples)[number], 'annotations' | 'volumes' | 'mode'>>;

/** What the fields of a type read below, in a pod that has them. */
function below(type: string, fields: object, { annotations = {}, volumes, mode = 'upper' }: Around = {}) {
  const place = places[type];
  if (!place) throw new Error(`no pod is known that has a ${type}`);
  const spec = { ...(volumes ? { volumes } : {}), ...place.put(fields) };
  const pod = upperPod({ metadata: { annotations }, spec });
  return place.get(specDown(pod, pod.spec as PodSpec, owner, { ...options, serviceAccounts: mode }));
}

const anything = fc.jsonValue({ maxDepth: 2 }).map((generated) => ({ generated }));

test.each(fieldsOf('carried'))('%s.%s is carried: the value is the same below', (type, field) => {
  fc.assert(
    fc.property(anything, (value) => {
      expect(below(type, raw({ [field]: value }))).toHaveProperty([field], value);
    }),
    { numRuns: 5 },
  );
});

test.each(fieldsOf('dropped'))('%s.%s is dropped: it is not there below', (type, field) => {
  expect(below(type, raw({ [field]: [{ name: 'x' }] }))).not.toHaveProperty([field]);
});

test.each(fieldsOf('refused'))('%s.%s is refused, in the words of the table', (type, field) => {
  const fate = fates[type]?.[field];
  const refusalWith = (value: unknown) =>
    refusalOf(upperPod({ spec: places[type]?.put(raw({ [field]: value })) ?? {} }), options);
  expect(refusalWith([{ name: 'x' }])).toEqual({
    reason: fate && 'reason' in fate ? fate.reason : '',
    message: expect.stringContaining(fate?.note ?? '-'),
  });
  for (const nothing of [null, []]) expect(refusalWith(nothing)).toBeUndefined();
});

describe('what is rewritten', () => {
  test('has an example each', () => {
    const rewritten = fieldsOf('rewritten').map(([type, field]) => `${type}.${field}`);
    expect([...new Set(examples.map(({ field }) => field))].sort()).toEqual(rewritten.sort());
  });

  test.each(examples)('$field', ({ field, above, becomes, beside, ...around }) => {
    const [type = '', name = ''] = field.split('.');
    const fields = below(type, raw({ ...beside, [name]: above }), around);
    if (becomes === undefined) expect(fields).not.toHaveProperty([name]);
    else expect(fields).toHaveProperty([name], becomes);
    expect(becomes).not.toEqual(above);
  });
});

describe('metadata', () => {
  const down = (metadata: object) => metadataDown(upperPod({ metadata }), owner, options);

  test.each([...fieldsThatAre('carried', metadataFates)])('%s is carried', (field) => {
    expect(down({ [field]: 'some-value' })).toHaveProperty([field], 'some-value');
  });

  test.each([...fieldsThatAre('dropped', metadataFates)])('%s is dropped', (field) => {
    expect(down({ [field]: 'some-value' })).not.toHaveProperty([field]);
  });

  test.each([...fieldsThatAre('rewritten', metadataFates)])(
    '%s are carried with ours beside them',
    (field) => {
      const theirs = { a: 'b' };
      expect(down({ [field]: theirs })).toHaveProperty([field], expect.objectContaining(theirs));
      expect(down({ [field]: theirs })).not.toHaveProperty([field], theirs);
    },
  );
});
