import 'reflect-metadata';
import { webcrypto, X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import * as x509 from '@peculiar/x509';
import { describe, expect, it, onTestFinished } from 'vitest';
import { BUSYBOX_IMAGE } from '../../hack/clusters/images.ts';
import type { LocalCluster } from '../../hack/clusters/open.ts';
import { apply, eventually, kubectl, lowerCluster, openClusters } from '../clusters.ts';

const clusters = openClusters();
const { upper } = clusters;
const a = lowerCluster(clusters, 'a');
const b = lowerCluster(clusters, 'b');
const isRoot = process.getuid?.() === 0;

function pod(name: string, script: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: {
      terminationGracePeriodSeconds: 0,
      containers: [{ name: 'main', image: BUSYBOX_IMAGE, command: ['sh', '-c', script] }],
    },
  };
}

async function phaseOf(cluster: LocalCluster, name: string): Promise<string> {
  return (await kubectl(cluster, 'get', 'pod', name, '-o', 'jsonpath={.status.phase}')).stdout;
}

/** The TCP ports somebody listens on in the machine's own network namespace (state 0A in the kernel's table). */
function listeningPorts(): number[] {
  return ['/proc/net/tcp', '/proc/net/tcp6']
    .filter((table) => existsSync(table))
    .flatMap((table) => readFileSync(table, 'utf8').split('\n').slice(1))
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , , state]) => state === '0A')
    .map(([, local = '']) => Number.parseInt(local.split(':')[1] ?? '', 16));
}

describe('the local clusters', () => {
  it('have the nodes that were asked for', async () => {
    const count = async (cluster: LocalCluster) =>
      (await kubectl(cluster, 'get', 'nodes', '-l', 'type!=virtual-kubelet', '-o', 'name')).stdout
        .split('\n')
        .filter(Boolean).length;
    expect([await count(upper), await count(b)]).toEqual([0, 100]);
    const runtime = 'jsonpath={.items[*].status.nodeInfo.containerRuntimeVersion}';
    expect((await kubectl(a, 'get', 'nodes', '-o', runtime)).stdout).toMatch(
      isRoot ? /^containerd:/ : /^kwok/,
    );
  });

  it('publish the authority of client certificates', async () => {
    const path = 'jsonpath={.data.client-ca-file}';
    const name = 'extension-apiserver-authentication';
    for (const cluster of [upper, a, b]) {
      const { stdout } = await kubectl(cluster, '-n', 'kube-system', 'get', 'configmap', name, '-o', path);
      expect(stdout.trim()).toBe(readFileSync(cluster.clientCaFile, 'utf8').trim());
    }
  });

  it('answer logs and exec on every kind of node', async () => {
    onTestFinished(async () => {
      // Whatever happened: the next tests count pods.
      for (const cluster of [a, b])
        await kubectl(cluster, 'delete', 'pod', 'talker', 'leaver', '--ignore-not-found', '--wait=false');
    });
    for (const cluster of [a, b]) {
      await apply(cluster, pod('talker', 'echo hello from a container; exec sleep 1000'));
      await eventually(async () => expect(await phaseOf(cluster, 'talker')).toBe('Running'));
      await eventually(async () => {
        const { stdout, stderr } = await kubectl(cluster, 'logs', 'talker');
        const where = ['get', 'pod', 'talker', '-o', 'jsonpath={.spec.nodeName}'];
        expect(stdout, `${stderr} ${(await kubectl(cluster, ...where)).stdout}`).toContain('hello from');
      });
      const { stdout } = await kubectl(cluster, 'exec', 'talker', '--', 'sh', '-c', 'echo $((6 * 7))');
      expect(stdout).toBe('42\n');
      await kubectl(cluster, 'delete', 'pod', 'talker', '--wait=false');
    }
    if (!isRoot) return;
    await apply(a, pod('leaver', 'exec sleep 1000'));
    await eventually(async () => expect(await phaseOf(a, 'leaver')).toBe('Running'));
    expect((await kubectl(a, 'exec', 'leaver', '--', 'sh', '-c', 'exit 7')).exitCode).toBe(7);
    await kubectl(a, 'delete', 'pod', 'leaver', '--wait=false');
  });

  it('have kwok nodes that can be reached again after they were lost', async () => {
    const lost = { type: 'Ready', status: 'False', reason: 'Test', message: '' };
    const patch = JSON.stringify({ status: { conditions: [lost] } });
    const see = async (path: string) =>
      (await kubectl(b, 'get', 'node', 'b-node-9', '-o', `jsonpath={${path}}`)).stdout;
    const before = await see('.status.addresses');
    expect(before).toContain('InternalIP');
    await kubectl(b, 'patch', 'node', 'b-node-9', '--subresource=status', '-p', patch);
    await eventually(async () =>
      expect(await see('.status.conditions[?(@.type=="Ready")].status')).toBe('True'),
    );
    expect(await see('.status.addresses')).toBe(before);
  });

  it('sign certificate requests with the authority of client certificates', async () => {
    const keys = await webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, [
      'sign',
      'verify',
    ]);
    const signingAlgorithm = { name: 'ECDSA', hash: 'SHA-256' };
    const request = await x509.Pkcs10CertificateRequestGenerator.create({
      name: 'CN=somebody',
      keys,
      signingAlgorithm,
    });
    await apply(upper, {
      apiVersion: 'certificates.k8s.io/v1',
      kind: 'CertificateSigningRequest',
      metadata: { name: 'somebody' },
      spec: {
        request: Buffer.from(request.toString('pem')).toString('base64'),
        signerName: 'kubernetes.io/kube-apiserver-client',
        usages: ['client auth'],
      },
    });
    await kubectl(upper, 'certificate', 'approve', 'somebody');
    const issued = await eventually(async () => {
      const { stdout } = await kubectl(
        upper,
        'get',
        'csr',
        'somebody',
        '-o',
        'jsonpath={.status.certificate}',
      );
      return new X509Certificate(Buffer.from(stdout, 'base64'));
    });
    expect(issued.subject).toBe('CN=somebody');
    expect(issued.verify(new X509Certificate(readFileSync(upper.clientCaFile)).publicKey)).toBe(true);
    await kubectl(upper, 'delete', 'csr', 'somebody');
  });

  it('run the controllers and a scheduler', async () => {
    const deployment = [
      'create',
      'deployment',
      'three',
      `--image=${BUSYBOX_IMAGE}`,
      '--replicas=3',
      '--',
      'sleep',
      '1000',
    ];
    expect((await kubectl(b, ...deployment)).exitCode).toBe(0);
    await eventually(async () => {
      const { stdout } = await kubectl(
        b,
        'get',
        'deployment',
        'three',
        '-o',
        'jsonpath={.status.readyReplicas}',
      );
      expect(stdout).toBe('3');
    });
    await kubectl(b, 'delete', 'deployment', 'three', '--wait=false');
  });

  it('survive the death of an API server', async () => {
    await kubectl(b, 'create', 'namespace', 'kept');
    await b.stopApiServer();
    expect((await kubectl(b, 'get', '--raw', '/readyz', '--request-timeout=2s')).exitCode).not.toBe(0);
    await b.startApiServer();
    expect((await kubectl(b, 'get', 'namespace', 'kept', '-o', 'name')).stdout).toBe('namespace/kept\n');
    await kubectl(b, 'delete', 'namespace', 'kept', '--wait=false');
  });

  it('have controllers that work at once when an API server is back after a while', async () => {
    await b.stopApiServer();
    // Long enough for their pauses between two tries to have grown beyond what is waited below.
    await sleep(12_000);
    await b.startApiServer();
    await kubectl(b, 'create', 'namespace', 'after');
    await eventually(
      async () =>
        expect((await kubectl(b, '-n', 'after', 'get', 'serviceaccount', 'default')).exitCode).toBe(0),
      { within: 6_000 },
    );
    await kubectl(b, 'delete', 'namespace', 'after', '--wait=false');
  });

  it('run programs that another process can find and end', async () => {
    const program = await clusters.run('waiter', ['sh', '-c', 'echo "$COLOUR"; exec sleep 1000'], {
      COLOUR: 'green',
    });
    await eventually(() => expect(readFileSync(program.logFile, 'utf8')).toBe('green\n'));
    program.kill('SIGTERM');
    expect(await program.exited).toBeNull();
    const other = await clusters.run('leaver', ['sh', '-c', 'exit 3']);
    expect(await other.exited).toBe(3);
  });
});

describe.runIf(isRoot)('as root, the local clusters', () => {
  it("reach each other and each other's pods, until the cable is pulled", async () => {
    const script = 'mkdir /tmp/www; echo found me >/tmp/www/index.html; exec httpd -f -p 8080 -h /tmp/www';
    await apply(a, pod('web', script));
    const address = await eventually(async () => {
      expect(await phaseOf(a, 'web')).toBe('Running');
      return (await kubectl(a, 'get', 'pod', 'web', '-o', 'jsonpath={.status.podIP}')).stdout;
    });
    // `run` is inside the upper cluster's namespace.
    const fetchFrom = [
      '/bin/sh',
      '-c',
      `printf 'GET / HTTP/1.0\\r\\n\\r\\n' | /bin/busybox nc -w 2 ${address} 8080`,
    ];
    const fetchPage = async (name: string) => {
      const program = await clusters.run(name, fetchFrom);
      await program.exited;
      return readFileSync(program.logFile, 'utf8');
    };
    expect(await fetchPage('fetch-plugged')).toContain('found me');
    await a.disconnect();
    expect(await fetchPage('fetch-unplugged')).not.toContain('found me');
    expect((await kubectl(a, 'get', '--raw', '/readyz', '--request-timeout=1s')).exitCode).not.toBe(0);
    await a.reconnect();
    await eventually(async () => expect(await fetchPage('fetch-again')).toContain('found me'));
    await kubectl(a, 'delete', 'pod', 'web', '--wait=false');
  });

  it("keep out of the machine's own network", () => {
    expect(listeningPorts()).not.toEqual(
      expect.arrayContaining([expect.toBeOneOf([6443, 2379, 10250, 10257, 10259])]),
    );
    expect(existsSync(`/run/netns/${upper.namespace}`)).toBe(true);
  });
});
