import type { IncomingMessage, ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAuthority } from '../../hack/clusters/certificates.ts';
import { execute } from '../../hack/clusters/exec.ts';
import { BUSYBOX_IMAGE } from '../../hack/clusters/images.ts';
import type { RunningProgram } from '../../hack/clusters/programs.ts';
import { findTestProgram } from '../../hack/clusters/test-programs.ts';
import type { Pod } from '../../src/kube/types.ts';
import { apply, eventually, kubectl, lowerCluster, openClusters } from '../clusters.ts';
import { startAsAdministrator } from '../provider.ts';

/*
 * The suite makes plain pods with images that nobody has, so that it can be run against providers that run nothing
 * (docs/decisions/0007-virtual-kubelet-suite.md says what is done about that here, and why).
 */
const isRoot = process.getuid?.() === 0;
const clusters = openClusters();
const { upper } = clusters;
const lower = lowerCluster(clusters, 'a');
const namespace = `virtual-kubelet-${Date.now().toString(36)}`;
const node = 'vk-suite';
/** The suite asks for no other. */
const port = 10250;
const webhook = `mutatingwebhookconfiguration/${node}`;
const run = (...args: string[]) => kubectl(upper, '-n', namespace, ...args);
let provider: RunningProgram | undefined;
let admission: https.Server | undefined;
let suite: string;

beforeAll(async () => {
  if (!isRoot) return;
  suite = await findTestProgram('virtual-kubelet.test');
  await apply(upper, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  provider = await startAsAdministrator(clusters, lower, { node, port }, '--no-verify-clients');
  await admit();
  await makeProviderPod();
}, 15 * 60_000);

afterAll(async () => {
  await kubectl(upper, 'delete', webhook, '--ignore-not-found');
  admission?.close();
  await run('delete', 'pods', '--all', '--force', '--grace-period=0');
  await kubectl(upper, 'delete', 'namespace', namespace, '--wait=false', '--ignore-not-found');
  await eventually(async () => {
    expect((await kubectl(lower, '-n', namespace, 'get', 'pods', '-o', 'name')).stdout).toBe('');
  });
  provider?.kill('SIGTERM');
  await provider?.exited;
  await kubectl(upper, 'delete', 'node', node, '--ignore-not-found');
  await kubectl(lower, 'delete', 'namespace', namespace, '--wait=false', '--ignore-not-found');
});

/** An admission webhook for the suite's namespace that makes its pods virtual, and such that they can run. */
async function admit(): Promise<void> {
  const host = upper.address.replace(/\.\d+$/, '.1');
  const authority = await createAuthority('suite-ca');
  const { certificate: cert, key } = await authority.issue({ commonName: 'suite', addresses: [host] });
  const server = https.createServer({ cert, key }, (request, response) => void review(request, response));
  const review = async (request: IncomingMessage, response: ServerResponse) => {
    let text = '';
    for await (const chunk of request.setEncoding('utf8')) text += chunk;
    const { uid, object } = JSON.parse(text).request as { uid: string; object: Pod };
    const patch = Buffer.from(JSON.stringify(changesOf(object))).toString('base64');
    const answer = { uid, allowed: true, patchType: 'JSONPatch', patch };
    response.setHeader('content-type', 'application/json');
    response.end(
      JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: answer }),
    );
  };
  admission = server;
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  await apply(upper, {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name: node },
    webhooks: [
      {
        name: 'suite.isthmus.io',
        admissionReviewVersions: ['v1'],
        sideEffects: 'None',
        clientConfig: {
          url: `https://${host}:${(server.address() as AddressInfo).port}/`,
          caBundle: Buffer.from(authority.certificate).toString('base64'),
        },
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
        rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
      },
    ],
  });
}

function changesOf({ spec }: Pod): object[] {
  if (spec?.nodeName !== node) return [];
  const command = ['sh', '-c', "trap 'exit 0' TERM; while :; do sleep 1000 & wait; done"];
  const containers = spec.containers.map((container) => ({
    ...container,
    image: BUSYBOX_IMAGE,
    imagePullPolicy: 'IfNotPresent',
    command,
  }));
  return [
    { op: 'add', path: '/metadata/labels', value: { 'virtual-pod': 'true' } },
    { op: 'replace', path: '/spec/containers', value: containers },
  ];
}

/** The suite reads figures from a pod named like the node: it takes the provider for one that runs there. */
async function makeProviderPod(): Promise<void> {
  await eventually(async () => {
    await apply(upper, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: node, namespace },
      spec: { schedulerName: 'nobody', containers: [{ name: 'provider', image: 'nobody' }] },
    });
  });
  const status = JSON.stringify({ status: { podIP: upper.address, podIPs: [{ ip: upper.address }] } });
  const patched = await run('patch', 'pod', node, '--subresource=status', '--type=merge', '-p', status);
  expect(patched.stderr).toBe('');
}

describe.runIf(isRoot)("virtual-kubelet's own suite", () => {
  it('passes', { timeout: 240_000 }, async () => {
    const flags = ['-kubeconfig', upper.kubeconfig, '-namespace', namespace, '-node-name', node];
    const { exitCode, stdout, stderr } = await execute(suite, ['-test.v', ...flags]);
    const results = [...stdout.matchAll(/^ +--- (\w+): TestEndToEnd\/(\w+)/gm)];
    const failed = results.filter(([, result]) => result !== 'PASS').map(([, , name]) => name);
    expect({ exitCode, failed }, `${stdout}\n${stderr}`).toEqual({ exitCode: 0, failed: [] });
    expect(results.map(([, , name]) => name).toSorted()).toEqual([
      'TestCreatePodWithMandatoryInexistentConfigMap',
      'TestCreatePodWithMandatoryInexistentSecrets',
      'TestCreatePodWithOptionalInexistentConfigMap',
      'TestCreatePodWithOptionalInexistentSecrets',
      'TestGetMetricsResource',
      'TestGetPods',
      'TestGetStatsSummary',
      'TestPodLifecycleForceDelete',
      'TestPodLifecycleGracefulDelete',
    ]);
  });
});
