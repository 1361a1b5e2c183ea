import type { Case } from './case.ts';
import { environmentCases } from './cases/environment.ts';
import { lifecycleCases } from './cases/lifecycle.ts';
import { networkCases } from './cases/network.ts';
import { placementCases } from './cases/placement.ts';
import { resourceCases } from './cases/resources.ts';
import { securityCases } from './cases/security.ts';
import { volumeCases } from './cases/volumes.ts';

/** Every pod of the suite. */
export const cases: readonly Case[] = [
  ...environmentCases,
  ...volumeCases,
  ...securityCases,
  ...lifecycleCases,
  ...networkCases,
  ...resourceCases,
  ...placementCases,
];
