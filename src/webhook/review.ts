import { z } from 'zod';
import type { Pod } from '../kube/types.ts';
import { listOf, mapOf } from '../serving/first-mistake.ts';
import { deepest, isShallow } from '../translate/shape.ts';
import type { PatchOperation } from '../translate/webhook/json-patch.ts';

/** What a request asks, admission.k8s.io/v1 `AdmissionRequest`, as far as we care. */
export type AdmissionRequest = z.output<typeof requestSchema>;

/** A request that is no review, and the HTTP status that says so. */
export class BadRequest extends Error {
  override readonly name = 'BadRequest';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** What becomes of the object: as it is, changed, or not made for a reason. */
export type Verdict = { patch: readonly PatchOperation[] } | { refusal: string };

const text = z.string();
const requestSchema = z.object({
  uid: text.min(1),
  kind: z.object({ group: text, version: text, kind: text }),
  subResource: text.nullish(),
  namespace: text.nullish(),
  operation: text,
  object: z.unknown(),
});
const reviewSchema = z.object({
  apiVersion: z.literal('admission.k8s.io/v1'),
  kind: z.literal('AdmissionReview'),
  request: requestSchema,
});

const strings = mapOf(text).nullish();
const requirement = z.object({ key: text, operator: text, values: listOf(text).nullish() });
const requirements = listOf(requirement).nullish();
const term = z.object({ matchExpressions: requirements, matchFields: requirements });
const required = z.object({ nodeSelectorTerms: listOf(term).nullish() }).nullish();
const toleration = z.object({ key: text.nullish(), operator: text.nullish(), effect: text.nullish() });
const volume = z.object({ persistentVolumeClaim: z.object({ claimName: text }).nullish() });
/** Only what the mutation reads: the API server knows the rest better. */
const podSchema = z.object({
  metadata: z.object({ namespace: text.nullish(), labels: strings, annotations: strings }),
  spec: z.object({
    nodeName: text.nullish(),
    nodeSelector: strings,
    affinity: z
      .object({
        nodeAffinity: z.object({ requiredDuringSchedulingIgnoredDuringExecution: required }).nullish(),
      })
      .nullish(),
    tolerations: listOf(toleration).nullish(),
    volumes: listOf(volume).nullish(),
  }),
});

/** Reads the body of a request. @throws BadRequest */
export function readReview(body: string): AdmissionRequest {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    throw new BadRequest(400, 'the body is not JSON');
  }
  const review = reviewSchema.safeParse(json);
  if (!review.success)
    throw new BadRequest(400, `the body is no AdmissionReview of admission.k8s.io/v1: ${said(review.error)}`);
  return review.data.request;
}

/** The pod of a request, with all its fields, or why it is none. */
export function readPod({ object }: AdmissionRequest): { pod: Pod } | { refusal: string } {
  if (!isShallow(object, deepest))
    return { refusal: `the object of the review is nested more than ${deepest} deep` };
  const outline = podSchema.safeParse(object);
  if (outline.success) return { pod: object as Pod };
  return { refusal: `the object of the review is no pod: ${said(outline.error)}` };
}

/** The answer to a review, as JSON. */
export function writeReview(uid: string, verdict: Verdict): string {
  return JSON.stringify({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    response: { uid, ...responseOf(verdict) },
  });
}

function responseOf(verdict: Verdict): object {
  if ('refusal' in verdict)
    return { allowed: false, status: { code: 422, reason: 'Invalid', message: verdict.refusal } };
  if (verdict.patch.length === 0) return { allowed: true };
  const patch = Buffer.from(JSON.stringify(verdict.patch)).toString('base64');
  return { allowed: true, patchType: 'JSONPatch', patch };
}

/** The first thing that is wrong, and where. */
function said({ issues: [issue] }: z.ZodError): string {
  return `${issue?.path.join('.') || 'it'}: ${issue?.message ?? 'unknown'}`;
}
