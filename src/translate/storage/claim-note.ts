import type { PersistentVolumeClaim } from '../../kube/types.ts';
import { lowerClaimAnnotation } from './storage-names.ts';

/**
 * The note on an upper claim that its lower claim has been made. With it a missing lower claim is lost, and never made
 * again: it would be empty. The upper uid is in it because annotations are copied from manifest to manifest.
 */
export function lowerClaimNote(upper: PersistentVolumeClaim, lower: PersistentVolumeClaim): string {
  return `${upper.metadata?.uid}/${lower.metadata?.uid}`;
}

/** The uid of the lower claim that has been made for an upper one; undefined when none has. */
export function notedLowerClaim({ metadata }: PersistentVolumeClaim): string | undefined {
  const [upperUid, lowerUid] = metadata?.annotations?.[lowerClaimAnnotation]?.split('/') ?? [];
  return upperUid === metadata?.uid ? lowerUid : undefined;
}
