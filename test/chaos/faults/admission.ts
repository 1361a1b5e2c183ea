import type { Client } from '../../../src/kube/client.ts';
import type { Resource } from '../../../src/kube/resources.ts';
import type { KubeObject } from '../../../src/kube/types.ts';
import { type Fault, memberNames, memberOf } from './fault.ts';

const configurations: Resource<KubeObject> = {
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'ValidatingWebhookConfiguration',
  plural: 'validatingwebhookconfigurations',
  namespaced: false,
};
const name = 'chaos';

/** A lower cluster has an admission webhook that nobody answers for, so no pod, ConfigMap or Secret of ours is made or changed. */
export const admissionRefuses: Fault = {
  kind: 'admission refuses',
  seconds: [5, 15],
  targets: memberNames,
  async begin(world, target) {
    const { below } = memberOf(world, target);
    await below.create(configurations, configuration());
    return { what: `a webhook refuses everything of ours in ${target}`, end: () => remove(below) };
  },
};

async function remove(below: Client): Promise<void> {
  const { metadata } = await below.get(configurations, { name });
  await below.delete(configurations, { name }, { uid: metadata?.uid ?? '' });
}

function configuration(): KubeObject {
  const webhook = {
    name: 'refuses.chaos.test',
    // Nobody listens there.
    clientConfig: { url: 'https://127.0.0.1:1/refuse' },
    failurePolicy: 'Fail',
    sideEffects: 'None',
    admissionReviewVersions: ['v1'],
    timeoutSeconds: 1,
    objectSelector: { matchLabels: { 'virtual-pod': 'true' } },
    rules: [
      {
        apiGroups: [''],
        apiVersions: ['v1'],
        operations: ['CREATE'],
        resources: ['pods', 'configmaps', 'secrets'],
      },
    ],
  };
  return { metadata: { name }, webhooks: [webhook] } as KubeObject;
}
