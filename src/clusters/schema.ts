import { z } from 'zod';
import { isNodeName } from '../kube/label-syntax.ts';
import { isLabelSelector } from '../kube/selector.ts';
import { refusable } from '../translate/policy.ts';
import { serviceAccountModes } from '../translate/service-account.ts';
import { isAddressMap } from '../translate/services/address-map.ts';
import { networks } from '../translate/services/settings.ts';
import {
  classMap,
  labelKey,
  labels,
  labelValue,
  listOf,
  number,
  oneOf,
  quantities,
  text,
  yesOrNo,
} from './fields.ts';

const taintFields = {
  key: labelKey,
  value: labelValue.optional(),
  effect: oneOf(['NoSchedule', 'PreferNoSchedule', 'NoExecute']),
};
const taint = z.strictObject(taintFields, { error: 'a map of key, value and effect, or false for no taint' });

/** A taint, or none; not by `z.union`, of which no mistake could be told by its path. */
const taintOrFalse = z.unknown().transform((value, context) => {
  if (value === false) return value;
  const read = taint.safeParse(value, { reportInput: true });
  if (read.success) return read.data;
  for (const issue of read.error.issues) context.issues.push(issue as z.core.$ZodRawIssue);
  return z.NEVER;
});

const name = text('a name of at most 63 of a-z, 0-9, "-" and "."', isNodeName);
const rate = number('a number above 0', (value) => value > 0);
/** Each watch of lower nodes has it in its address. */
const longestSelector = 4_096;
const burst = number('a number of at least 1', (value) => value >= 1);
const isPort = (value: number) => Number.isInteger(value) && value > 0 && value < 65_536;
const isNamespace = (value: string) => /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(value);

const selector = text(
  `a label selector such as disk=ssd,!gpu, of at most ${longestSelector} characters`,
  (value) => value.length <= longestSelector && isLabelSelector(value),
);
const twoRanges = 'two ranges of equal length that do not overlap, such as 10.244.0.0/16=100.64.0.0/16';
const objectName = text('the name of an object', (value) =>
  /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/.test(value),
);

/** What may be said of a cluster, in a file or in its Secret. */
const settingFields = {
  context: text('the name of a context of the kubeconfig', (value) => value !== '').optional(),
  nodeName: name.optional(),
  labels: labels.optional(),
  region: labelValue.optional(),
  zone: labelValue.optional(),
  provider: labelValue.optional(),
  taint: taintOrFalse.optional(),
  nodeSelector: selector.optional(),
  capacity: quantities.optional(),
  namespace: text('the name of a namespace', isNamespace).optional(),
  kubeletPort: number('a port from 1 to 65535', isPort).optional(),
  serviceAccountMode: oneOf(serviceAccountModes).optional(),
  upperApiAddress: text('host:port', isHostAndPort).optional(),
  ignoreLabels: listOf('labels', labelKey).optional(),
  refuse: listOf(`words out of ${refusable.join(', ')}`, oneOf(refusable)).optional(),
  storageClasses: classMap.optional(),
  network: oneOf(networks).optional(),
  podCidrMap: listOf(
    twoRanges,
    text(twoRanges, (pair) => isAddressMap([pair])),
  )
    .refine(isAddressMap, { error: 'ranges none of which overlaps another' })
    .optional(),
  serviceSelector: selector.optional(),
  upperKubernetesService: yesOrNo.optional(),
  systemServices: listOf('names of Services of kube-system', objectName).optional(),
  qps: rate.optional(),
  burst: burst.optional(),
};
const entryFields = {
  name,
  kubeconfig: text('the path of a file', (value) => /^[^\r\n]+$/.test(value)),
  ...settingFields,
};

/** The `configuration` of a Secret. */
export const settingsSchema = z.strictObject(settingFields, { error: 'a map of settings' });
export type Settings = z.output<typeof settingsSchema>;

/** A whole file. */
export const fileSchema = z.strictObject(
  {
    clusters: z.array(z.strictObject(entryFields, { error: 'a map with name and kubeconfig' }), {
      error: 'a list of clusters',
    }),
  },
  { error: 'a map with the key clusters' },
);

const keysByDepth: readonly (readonly string[])[] = [['clusters'], [], Object.keys(entryFields)];

/** The keys that may stand at a path of the file. */
export function keysOfFile(path: readonly PropertyKey[]): readonly string[] {
  return keysByDepth[path.length] ?? Object.keys(taintFields);
}

/** The keys that may stand at a path of the settings. */
export function keysOfSettings(path: readonly PropertyKey[]): readonly string[] {
  return Object.keys(path.length === 0 ? settingFields : taintFields);
}

function isHostAndPort(address: string): boolean {
  if (!/^[^/\s@?#]+:\d{1,5}$/.test(address) || !URL.canParse(`https://${address}`)) return false;
  return isPort(Number(address.slice(address.lastIndexOf(':') + 1)));
}
