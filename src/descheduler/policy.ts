import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { z } from 'zod';
import { mistakeLines, type Read } from '../clusters/mistakes.ts';
import { readYaml } from '../clusters/yaml.ts';
import { describeError, KubeError } from '../kube/errors.ts';
import { strategies } from './strategies/index.ts';
import type { Propose, Strategy } from './strategy.ts';

/** A strategy that is at work. */
export interface ActiveStrategy {
  readonly name: string;
  readonly propose: Propose;
}

const named = Object.fromEntries(
  strategies.map((strategy: Strategy) => [
    strategy.name,
    z
      .strictObject(
        {
          enabled: z.boolean('true or false').default(true),
          params: strategy.parameters.optional(),
        },
        'a map with enabled and params',
      )
      .optional(),
  ]),
);

/** The policy of tensile-kube's descheduler, which is that of the Kubernetes descheduler (descheduler/v1alpha1). */
const schema = z.strictObject(
  {
    apiVersion: z.literal('descheduler/v1alpha1', '"descheduler/v1alpha1"').optional(),
    kind: z.literal('DeschedulerPolicy', '"DeschedulerPolicy"').optional(),
    strategies: z.strictObject(named, 'a map of strategies').default({}),
  },
  'a DeschedulerPolicy',
);

/** The strategies at work where there is no policy. */
export function defaultStrategies(): ActiveStrategy[] {
  return activeOf({});
}

/** The strategies of a policy file. @throws KubeError `Configuration`, every mistake in it with its place */
export async function readPolicyFile(path: string): Promise<ActiveStrategy[]> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new KubeError('Configuration', `--policy-config-file: ${describeError(error)}`, { cause: error });
  }
  const read = readPolicy(basename(path), text);
  if ('mistakes' in read) throw new KubeError('Configuration', read.mistakes.join('; '));
  return read.value;
}

/** The strategies of a policy. One that it does not name is at work if it is so by default. */
export function readPolicy(where: string, text: string): Read<ActiveStrategy[]> {
  const yaml = readYaml(where, text);
  if ('mistakes' in yaml) return yaml;
  const read = schema.safeParse(yaml.value ?? null, { reportInput: true });
  if (!read.success) return { mistakes: mistakeLines(where, read.error.issues, keysAt) };
  return { value: activeOf(read.data.strategies) };
}

type Given = Readonly<Record<string, { enabled: boolean; params?: unknown } | undefined>>;

function activeOf(given: Given): ActiveStrategy[] {
  return strategies.flatMap((strategy: Strategy) => {
    const { name, isDefault, parameters } = strategy;
    const { enabled, params = parameters.parse({}) } = given[name] ?? { enabled: isDefault };
    return enabled ? [{ name, propose: strategy.create(params) }] : [];
  });
}

function keysAt(path: readonly PropertyKey[]): string[] {
  if (path.length === 0) return Object.keys(schema.shape);
  if (path.length === 1) return strategies.map(({ name }) => name);
  return path.length === 2 ? ['enabled', 'params'] : [];
}
