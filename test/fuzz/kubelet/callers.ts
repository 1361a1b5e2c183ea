import fc from 'fast-check';
import type { Certificate } from './ground.ts';
import type { Right } from './lower.ts';

type Caller = readonly [Right, Certificate, readonly string[]];

/** Credentials, and what they are good for. */
const unknown = fc.constantFrom<Caller>(
  ['nothing', 'none', []],
  ['nothing', 'none', ['Authorization: Bearer bad']],
  ['nothing', 'none', ['Authorization: Bearer good bad']],
  ['nothing', 'none', ['Authorization: Bearer\tgood']],
  ['nothing', 'none', ['Authorization: Basic Z29vZDpnb29k']],
  ['nothing', 'none', ['Authorization: bad', 'Authorization: Bearer good']],
  ['nothing', 'none', [`Authorization: Bearer ${'good'.repeat(5_000)}`]],
  ['nothing', 'none', ['Authorization: Bearer __proto__']],
  ['nothing', 'stranger', []],
  ['nothing', 'stranger', ['Authorization: Bearer toString']],
);
const known = fc.constantFrom<Caller>(
  ['read', 'none', ['Authorization: Bearer reader']],
  ['read', 'stranger', ['Authorization: bearer   reader']],
  ['all', 'none', ['Authorization: Bearer good']],
  ['all', 'good', []],
  ['all', 'good', ['Authorization: Bearer bad']],
);
/** Who calls: three in four have credentials that are good for something. */
export const caller = fc.oneof({ weight: 1, arbitrary: unknown }, { weight: 3, arbitrary: known });
