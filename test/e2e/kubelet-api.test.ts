import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findBinaries } from '../../hack/clusters/binaries.ts';
import { BUSYBOX_IMAGE } from '../../hack/clusters/images.ts';
import { Client } from '../../src/kube/client.ts';
import { loadConnection } from '../../src/kube/connection.ts';
import { createLogger } from '../../src/kube/logger.ts';
import { Transport } from '../../src/kube/transport.ts';
import { type KubeletServer, startKubeletServer } from '../../src/provider/kubelet/server.ts';
import { TestAuthority } from '../../src/provider/kubelet/tls/test-authority.ts';
import { apply, eventually, kubectl, lowerCluster, openClusters } from '../clusters.ts';

const isRoot = process.getuid?.() === 0;
const clusters = openClusters();
const { upper } = clusters;
const lower = lowerCluster(clusters, 'a');
const namespace = 'kubelet-api';
const node = 'kubelet-api';
/** The machine's end of the cable to the clusters: the upper API server reaches us there. */
const host = upper.namespace ? upper.address.replace(/\.\d+$/, '.1') : upper.address;
const scripts: Record<string, string> = {
  talker:
    'i=0; while [ $i -lt 5 ]; do i=$((i+1)); echo line $i; done; sleep 3; while true; do echo tick; sleep 0.2; done',
  crasher: '[ -e /state/ran ] || { touch /state/ran; echo this run fails; exit 3; }; exec sleep 10000',
  plain: 'exec sleep 10000',
  // Above only.
  ghost: 'true',
  web: 'mkdir /tmp/www; echo found me >/tmp/www/index.html; exec httpd -f -p 8080 -h /tmp/www',
};

let server: KubeletServer;
/** Connections to the lower API server that went through us. */
let dialled = 0;
/** Set to make the lower API server unreachable for us. */
let isShut = false;
let way: net.Server;
let binary: string;
const folder = mkdtempSync(join(tmpdir(), 'isthmus-kubelet-'));
const running = new Set<ChildProcessWithoutNullStreams>();

/** A pod of the same name in both clusters, as the provider makes them. */
async function makePod(name: string): Promise<void> {
  const pod = (nodeName: string | undefined) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace },
    spec: {
      ...(nodeName === undefined ? {} : { nodeName }),
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 0,
      tolerations: [{ operator: 'Exists' }],
      volumes: [{ name: 'state', emptyDir: {} }],
      containers: [
        {
          name: 'main',
          volumeMounts: [{ name: 'state', mountPath: '/state' }],
          image: BUSYBOX_IMAGE,
          command: ['sh', '-c', scripts[name] ?? ''],
        },
      ],
    },
  });
  await apply(upper, pod(node));
  if (name !== 'ghost') await apply(lower, pod(undefined));
  // kubectl forwards ports of running pods only, and takes the status above for it.
  const running = JSON.stringify({ status: { phase: 'Running' } });
  await run('patch', 'pod', name, '--subresource=status', '--type=merge', '-p', running);
}

/** A connection file for the lower cluster whose server is a door that counts who goes through. */
async function countedKubeconfig(): Promise<string> {
  const [, address = '', port = ''] =
    /server: https:\/\/([\d.]+):(\d+)/.exec(readFileSync(lower.kubeconfig, 'utf8')) ?? [];
  way = net.createServer((from) => {
    dialled += 1;
    from.on('error', () => {});
    if (isShut) {
      from.destroy();
      return;
    }
    const to = net.connect(Number(port), address);
    from.pipe(to).pipe(from);
    from.on('error', () => to.destroy());
    to.on('error', () => from.destroy());
  });
  way.listen(0, '127.0.0.1');
  await once(way, 'listening');
  const file = join(folder, 'lower.kubeconfig');
  const text = readFileSync(lower.kubeconfig, 'utf8');
  const door = `server: https://127.0.0.1:${(way.address() as AddressInfo).port}`;
  writeFileSync(file, text.replace(/server: .*/, door));
  return file;
}

/** A kubectl that runs until it is told otherwise. */
function start(...args: string[]): ChildProcessWithoutNullStreams & { output: () => string } {
  const child = spawn(binary, ['--kubeconfig', upper.kubeconfig, '-n', namespace, ...args]);
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  return Object.assign(child, { output: () => text });
}

const run = (...args: string[]) => kubectl(upper, '-n', namespace, ...args);

/** Asks the port itself, past the API server. */
async function ask(
  path: string,
  options: https.RequestOptions = {},
): Promise<{ status: number | undefined; body: string }> {
  const request = https.request({
    host,
    port: server.port,
    path,
    rejectUnauthorized: false,
    agent: false,
    ...options,
  });
  request.end();
  const [response] = (await once(request, 'response')) as [import('node:http').IncomingMessage];
  let body = '';
  for await (const chunk of response.setEncoding('utf8')) body += chunk;
  return { status: response.statusCode, body };
}

beforeAll(async () => {
  binary = (await findBinaries()).kubectl;
  const lowerConfig = await countedKubeconfig();
  server = await startKubeletServer({
    upper: new Client(new Transport(loadConnection('upper', upper.kubeconfig))),
    lower: new Client(new Transport(loadConnection('lower', lowerConfig))),
    nodeName: node,
    host,
    port: 0,
    findPod: (space, name) => (space === namespace && name in scripts ? { metadata: { name } } : undefined),
    listPods: () => [],
    certificate: undefined,
    addresses: [host],
    clientCaFile: undefined,
    verifyClients: true,
    logger: createLogger('warn'),
  });
  await apply(upper, {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: node },
    spec: { unschedulable: true },
  });
  const status = {
    addresses: [{ type: 'InternalIP', address: host }],
    daemonEndpoints: { kubeletEndpoint: { Port: server.port } },
  };
  const patched = await run(
    'patch',
    'node',
    node,
    '--subresource=status',
    '--type=merge',
    '-p',
    JSON.stringify({ status }),
  );
  expect(patched.stderr).toBe('');
  for (const cluster of [upper, lower])
    await apply(cluster, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  await eventually(async () => {
    for (const cluster of [upper, lower])
      expect((await kubectl(cluster, '-n', namespace, 'get', 'serviceaccount', 'default')).exitCode).toBe(0);
  });
  await Promise.all(Object.keys(scripts).map(makePod));
  await eventually(async () => {
    const path =
      'jsonpath={range .items[*]}{.metadata.name}={.status.containerStatuses[0].restartCount}{.status.phase} {end}';
    const { stdout } = await kubectl(lower, '-n', namespace, 'get', 'pods', '-o', path);
    expect(stdout).toContain('talker=0Running');
    expect(stdout).toContain('plain=0Running');
    expect(stdout).toContain('web=0Running');
    expect(stdout).toContain('crasher=1Running');
  });
});

afterAll(async () => {
  for (const child of running) child.kill('SIGKILL');
  await server?.close(0);
  way?.close();
  await kubectl(upper, 'delete', 'namespace', namespace, '--wait=false');
  await kubectl(upper, '-n', namespace, 'delete', 'pods', '--all', '--force', '--grace-period=0');
  await kubectl(upper, 'delete', 'node', node);
  await kubectl(lower, 'delete', 'namespace', namespace, '--wait=false');
  rmSync(folder, { recursive: true, force: true });
});

describe('logs', () => {
  it('come whole', async () => {
    const { stdout } = await run('logs', 'talker', '--limit-bytes=35');
    expect(stdout).toBe('line 1\nline 2\nline 3\nline 4\nline 5\n');
  });

  it('follow a container that still speaks', async () => {
    const follower = start('logs', '-f', 'talker', '--tail=1');
    await eventually(() => expect(follower.output().split('\n').length).toBeGreaterThan(12), {
      within: 20_000,
    });
    expect(server.sessions).toBe(1);
    follower.kill('SIGKILL');
    await eventually(() => expect(server.sessions).toBe(0), { within: 5_000 });
  });

  it('take every option', async () => {
    await eventually(async () => expect((await run('logs', 'talker')).stdout).toContain('tick'));
    const { stdout } = await run('logs', 'talker', '--tail', '2', '--timestamps', '--since', '10s');
    expect(stdout).toMatch(/^(\d{4}-\d\d-\d\dT[\d:.]+Z tick\n){2}$/);
    const since = new Date(Date.now() + 3_600_000).toISOString();
    expect((await run('logs', 'talker', '--since-time', since)).stdout).toBe('');
  });

  it('of the run before a crash', async () => {
    expect((await run('logs', '-p', 'crasher')).stdout).toBe('this run fails\n');
    const none = await run('logs', '-p', 'plain');
    expect(none.exitCode).toBe(1);
    expect(none.stderr).toBe(
      'Error from server (BadRequest): previous terminated container "main" in pod "plain" not found\n',
    );
  });
});

describe.runIf(isRoot)('exec', () => {
  it('passes the exit code, stdout and stderr', async () => {
    const result = await run('exec', 'plain', '--', 'sh', '-c', 'echo out; echo err >&2; exit 7');
    expect(result).toMatchObject({ exitCode: 7, stdout: 'out\n' });
    expect(result.stderr).toContain('err\n');
  });

  it('passes a command word for word, however long', async () => {
    const words = ['a b', '&command=x', '%2f', 'ü€', '', '"', 'x'.repeat(100_000)];
    const { stdout } = await run(
      'exec',
      'plain',
      '--',
      'sh',
      '-c',
      'for i; do echo "$i"; done',
      ...words.slice(0, 1),
      ...words,
    );
    expect(stdout).toBe(`${words.join('\n')}\n`);
  });

  it('takes 100 MB on stdin and keeps every byte', async () => {
    const data = randomBytes(100_000_000);
    const child = start('exec', '-i', 'plain', '--', 'sha256sum');
    const ended = once(child, 'close');
    child.stdin.end(data);
    await ended;
    expect(child.output()).toBe(`${createHash('sha256').update(data).digest('hex')}  -\n`);
    expect(child.exitCode).toBe(0);
  });

  it('gives 100 MB on stdout and keeps every byte', async () => {
    const script =
      'dd if=/dev/urandom of=/tmp/big bs=1M count=100 2>/dev/null; sha256sum </tmp/big >&2; cat /tmp/big';
    const child = spawn(binary, [
      '--kubeconfig',
      upper.kubeconfig,
      '-n',
      namespace,
      'exec',
      'plain',
      '--',
      'sh',
      '-c',
      script,
    ]);
    const hash = createHash('sha256');
    child.stdout.on('data', (chunk: Buffer) => hash.update(chunk));
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      said += chunk;
    });
    await once(child, 'close');
    expect(said).toContain(hash.digest('hex'));
  });

  it('gives a terminal, and its new size', async () => {
    const size = (rows: number, columns: number) =>
      `until [ "$(stty size 2>/dev/null)" = "${rows} ${columns}" ]; do sleep 0.1; done`;
    const inside = `${size(41, 133)}; echo FIRST; ${size(50, 90)}; echo SECOND; exit 5`;
    writeFileSync(join(folder, 'inside'), inside);
    const command = `"${binary}" --kubeconfig "${upper.kubeconfig}" -n ${namespace} exec -it plain -- sh -c "$(cat ${folder}/inside)"`;
    const outside = `stty rows 41 cols 133; (sleep 3; stty rows 50 cols 90 </dev/tty) & ${command}; echo CODE $?`;
    writeFileSync(join(folder, 'outside'), outside);
    const child = spawn('timeout', ['40', 'script', '-qec', `sh ${folder}/outside`, '/dev/null']);
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    await once(child, 'close');
    expect(text.replaceAll('\r', '')).toBe('FIRST\nSECOND\ncommand terminated with exit code 5\nCODE 5\n');
  });

  it('lets kubectl copy both ways', async () => {
    const data = randomBytes(5_000_000);
    writeFileSync(join(folder, 'up'), data);
    expect((await run('cp', join(folder, 'up'), 'plain:/tmp/copied')).exitCode).toBe(0);
    expect((await run('cp', 'plain:/tmp/copied', join(folder, 'down'))).exitCode).toBe(0);
    expect(readFileSync(join(folder, 'down')).equals(data)).toBe(true);
  });

  it('says what the lower cluster refuses', async () => {
    const missing = ['-n', namespace, 'exec', 'plain', '--', '/no/such'];
    const said = async (cluster: typeof upper) => {
      const result = await kubectl(cluster, ...missing);
      return { ...result, stderr: result.stderr.replace(/[0-9a-f]{64}/, 'ID') };
    };
    expect(await said(upper)).toEqual(await said(lower));
    const gone = 'error: pods "ghost" not found\n';
    expect(await run('exec', 'ghost', '--', 'true')).toMatchObject({ exitCode: 1, stderr: gone });
    // The API server's own words for a kubelet's 404.
    expect((await run('logs', 'ghost')).stderr).toMatch(/NotFound.*pods\/log ghost/);
  });

  it('leaves no session behind when the client is killed', async () => {
    await eventually(() => expect(server.sessions).toBe(0), { within: 5_000 });
    const child = start('exec', '-i', 'plain', '--', 'sh', '-c', 'while true; do echo busy; done');
    await eventually(() => expect(child.output().length).toBeGreaterThan(100_000));
    expect(server.sessions).toBe(1);
    child.kill('SIGKILL');
    await eventually(() => expect(server.sessions).toBe(0), { within: 5_000 });
  });

  it('runs 20 at once', async () => {
    const all = Array.from({ length: 20 }, (_, index) =>
      run('exec', 'plain', '--', 'sh', '-c', `echo ${index}; exit ${index}`),
    );
    expect((await Promise.all(all)).map(({ exitCode, stdout }) => [exitCode, stdout])).toEqual(
      all.map((_, index) => [index, `${index}\n`]),
    );
    await eventually(() => expect(server.sessions).toBe(0), { within: 5_000 });
  });
});

describe.runIf(isRoot)('the other streams', () => {
  it('attach to what a container says', async () => {
    const child = start('attach', 'talker');
    await eventually(() => expect(child.output()).toContain('tick\ntick\n'));
    child.kill('SIGKILL');
  });

  it('forward a port', async () => {
    const child = start('port-forward', 'web', ':8080');
    const port = await eventually(() => {
      const [, found] = /127\.0\.0\.1:(\d+)/.exec(child.output()) ?? [];
      if (!found) throw new Error(child.output());
      return found;
    });
    const pages = Array.from({ length: 20 }, () =>
      fetch(`http://127.0.0.1:${port}/`).then((answer) => answer.text()),
    );
    expect(new Set(await Promise.all(pages))).toEqual(new Set(['found me\n']));
    child.kill('SIGKILL');
    await eventually(() => expect(server.sessions).toBe(0), { within: 15_000 });
  });
});

describe('who may call', () => {
  const exec = `/exec/${namespace}/plain/main?command=true&output=1`;
  const upgrade = {
    connection: 'Upgrade',
    upgrade: 'SPDY/3.1',
    'x-stream-protocol-version': 'v4.channel.k8s.io',
  };
  const requests: [string, string, https.RequestOptions][] = [
    ['logs', `/containerLogs/${namespace}/talker/main`, {}],
    ['exec', exec, { method: 'POST', headers: upgrade }],
    ['health', '/healthz', {}],
    ['pods', '/pods', {}],
    ['running pods', '/runningpods/', {}],
    ['metrics', '/metrics/resource', {}],
    ['statistics', '/stats/summary', {}],
    ['nothing', '/configz', {}],
  ];
  let authority: TestAuthority;

  beforeAll(() => {
    authority = new TestAuthority({
      cert: readFileSync(upper.clientCaFile, 'utf8'),
      key: readFileSync(upper.clientCaKeyFile, 'utf8'),
    });
  });

  it.each(requests)('nobody without credentials: %s', async (_name, path, options) => {
    const before = dialled;
    expect((await ask(path, options)).status).toBe(401);
    const headers = { ...options.headers, authorization: 'Bearer wrong' };
    expect((await ask(path, { ...options, headers })).status).toBe(401);
    const stranger = await (await TestAuthority.create('somebody')).issue({
      commonNames: ['admin'],
      organizations: ['system:masters'],
    });
    expect((await ask(path, { ...options, ...stranger })).status).toBe(401);
    expect(dialled).toBe(before);
  });

  it.each(requests)('nobody without rights: %s', async (_name, path, options) => {
    const before = dialled;
    const answer = await ask(path, { ...options, ...(await authority.issue({ commonNames: ['somebody'] })) });
    expect(answer.status).toBe(403);
    expect(answer.body).toContain('somebody');
    expect(dialled).toBe(before);
  });

  it('who has the right, by certificate and by token, and for that alone', async () => {
    const manifest = (name: string, verbs: string[], resources: string[]) => ({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name },
      rules: [{ apiGroups: [''], resources, resourceNames: [node], verbs }],
    });
    const binding = (name: string, subject: object) => ({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
      subjects: [subject],
    });
    await apply(upper, manifest('kubelet-api-reader', ['get'], ['nodes/proxy']));
    await apply(
      upper,
      binding('kubelet-api-reader', {
        kind: 'Group',
        name: 'readers',
        apiGroup: 'rbac.authorization.k8s.io',
      }),
    );
    await apply(upper, manifest('kubelet-api-health', ['get'], ['nodes/healthz']));
    await apply(upper, binding('kubelet-api-health', { kind: 'ServiceAccount', name: 'default', namespace }));
    const reader = await authority.issue({ commonNames: ['reader'], organizations: ['others', 'readers'] });
    const token = (await run('create', 'token', 'default')).stdout.trim();
    const withToken = { headers: { authorization: `Bearer ${token}` } };

    expect(await ask(`/containerLogs/${namespace}/crasher/main?previous=true`, reader)).toEqual({
      status: 200,
      body: 'this run fails\n',
    });
    expect((await ask(exec, { ...reader, headers: upgrade })).status).toBe(403);
    expect(await ask('/healthz', withToken)).toEqual({ status: 200, body: 'ok' });
    expect((await ask(`/containerLogs/${namespace}/talker/main`, withToken)).status).toBe(403);
    for (const name of ['kubelet-api-reader', 'kubelet-api-health'])
      await kubectl(upper, 'delete', `clusterrole/${name}`, `clusterrolebinding/${name}`);
  });

  it('and asks only for pods that are ours', async () => {
    const admin = await authority.issue({ commonNames: ['admin'], organizations: ['system:masters'] });
    const before = dialled;
    for (const [path, status] of [
      ['/containerLogs/kube-system/plain/main', 404],
      [`/containerLogs/${namespace}/other/main`, 404],
      [`/containerLogs/${namespace}/..%2f..%2fsecrets/main`, 400],
      [`/containerLogs/../../secrets/main`, 400],
      [`/exec/${namespace}/plain/main`, 400],
      ['/metrics/cadvisor', 404],
      ['/configz', 404],
    ] as const) {
      expect([path, (await ask(path, admin)).status]).toEqual([path, status]);
    }
    expect((await ask('/healthz', { ...admin, method: 'DELETE' })).status).toBe(405);
    expect(dialled).toBe(before);
  });
});

describe('a lower cluster that is away', () => {
  it('is named to whoever asks for it', async () => {
    isShut = true;
    try {
      const away = /the lower API server cannot be reached: /;
      for (const command of [
        ['logs', 'talker'],
        ['exec', 'plain', '--', 'true'],
      ]) {
        const { exitCode, stderr } = await run(...command);
        expect(exitCode).toBe(1);
        expect(stderr).toMatch(away);
      }
    } finally {
      isShut = false;
    }
    expect((await run('logs', '-p', 'crasher')).exitCode).toBe(0);
  });
});

describe('the end', () => {
  it('waits for the streams, then ends them', async () => {
    const follower = start('logs', '-f', 'talker');
    await eventually(() => expect(server.sessions).toBe(1));
    const before = Date.now();
    await server.close(1_000);
    expect(Date.now() - before).toBeGreaterThan(900);
    expect(Date.now() - before).toBeLessThan(3_000);
    expect(server.sessions).toBe(0);
    await sleep(100);
    follower.kill('SIGKILL');
  });
});
