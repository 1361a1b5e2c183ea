import type { Node } from '../kube/types.ts';
import { configuredTaintAnnotation } from './names.ts';

type Taint = NonNullable<NonNullable<Node['spec']>['taints']>[number];

/** What is to be done about the taint of a registered node, which the provider may not write. */
export interface TaintFinding {
  /** The taint that the configuration gave the node, as far as the node has followed. */
  readonly configured: string | undefined;
  /** What somebody must do for the node to follow; undefined when it has. */
  readonly advice: string | undefined;
}

/** A taint as kubectl writes it, `key=value:effect`; none is the empty text. */
export function taintText(taint: Taint | undefined): string {
  if (!taint) return '';
  const { key, value, effect } = taint;
  return `${key}${value ? `=${value}` : ''}:${effect}`;
}

/**
 * Compares the taint that is configured now with the one that was. What somebody did to the node's taints himself
 * stays unsaid: only a change of the configuration that has not reached the node is told.
 */
export function taintFinding(
  node: Node,
  { name, taint }: { readonly name: string; readonly taint: Taint | undefined },
): TaintFinding {
  const wanted = taintText(taint);
  const former = node.metadata?.annotations?.[configuredTaintAnnotation];
  if (former === wanted) return { configured: wanted, advice: undefined };
  const present = new Set((node.spec?.taints ?? []).map(taintText));
  const isMissing = wanted !== '' && !present.has(wanted);
  // One of the same key and effect is replaced by the new one.
  const isLeft =
    former !== undefined && present.has(former) && !(isMissing && identityOf(former) === identityOf(wanted));
  const commands = [
    ...(isLeft ? [`kubectl taint node ${name} ${identityOf(former)}-`] : []),
    ...(isMissing ? [`kubectl taint node ${name} ${wanted} --overwrite`] : []),
  ];
  if (commands.length === 0) return { configured: wanted, advice: undefined };
  const advice =
    `the configured taint is now "${wanted}", which the provider may not write to a node that is registered; ` +
    `${former === undefined ? '' : `it was "${former}"; `}to follow: ${commands.join(' && ')}`;
  return { configured: former, advice };
}

/** A node has one taint of a key and an effect. */
function identityOf(taint: string): string {
  return taint.replace(/=[^:]*/, '');
}
