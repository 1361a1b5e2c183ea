import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { containerdConfiguration } from './containerd.ts';
import { kubeletConfiguration } from './kubelet.ts';
import { kwokConfiguration, kwokNode } from './kwok.ts';
import { halvesOf, overlaps } from './layout.ts';
import { filesOf } from './pki.ts';

interface Document {
  readonly kind: string;
  readonly metadata: { readonly name: string };
}

describe('kwokConfiguration', () => {
  const documentsOf = (asNobody: boolean) =>
    parseAllDocuments(kwokConfiguration('/logs', asNobody)).map((document) => document.toJS() as Document);

  it('has the stages without which kwok exits, and answers to logs and exec', () => {
    const names = documentsOf(true).map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    expect(names).toEqual([
      'Stage node-initialize',
      'Stage node-heartbeat-with-lease',
      'Stage pod-ready',
      'Stage pod-complete',
      'Stage pod-delete',
      'ClusterLogs all',
      'ClusterExec all',
    ]);
  });

  it('never lets a kwok pod run a command of its user as root', () => {
    const exec = (asNobody: boolean) => documentsOf(asNobody).find(({ kind }) => kind === 'ClusterExec');
    expect(exec(true)).toMatchObject({
      spec: { execs: [{ local: { securityContext: { runAsUser: 65534 } } }] },
    });
    expect(JSON.stringify(exec(false))).not.toContain('securityContext');
  });
});

describe('kwokNode', () => {
  it('is managed by kwok and lies in one of three zones', () => {
    const node = kwokNode('b', 4, { cpu: '1' });
    expect(node).toMatchObject({
      metadata: {
        name: 'b-node-4',
        annotations: { 'kwok.x-k8s.io/node': 'fake' },
        labels: { 'topology.kubernetes.io/zone': 'b-1' },
      },
      status: { allocatable: { cpu: '1' }, capacity: { cpu: '1' } },
    });
  });
});

describe('a kubelet and its containerd', () => {
  it('keep everything below their own folders', () => {
    const socket = '/run/isthmus/1-a/containerd.sock';
    const containerd = containerdConfiguration('/tmp', '/run/isthmus/1-a', socket);
    const kubelet = kubeletConfiguration(filesOf('/state', 'a'), '/state/a/kubelet', 'isthmus1-a', socket);
    const places = [...containerd.matchAll(/^(?:root|state|address|conf_dir) = "(.*)"$/gm)].map(
      ([, place]) => place,
    );
    expect(places).toEqual(['/tmp/root', '/run/isthmus/1-a/containerd', socket, '/tmp/cni']);
    expect(kubelet).toMatchObject({ cgroupRoot: '/isthmus1-a', podLogsDir: '/state/a/kubelet/pods' });
    expect(parse(JSON.stringify(kubelet))).toEqual(kubelet);
  });

  it('let nobody in who is not authenticated', () => {
    const kubelet = kubeletConfiguration(filesOf('/state', 'a'), '/state/a/kubelet', 'isthmus1-a', '/socket');
    expect(kubelet).toMatchObject({
      authentication: { anonymous: { enabled: false } },
      authorization: { mode: 'Webhook' },
    });
  });
});

it('a cluster with a kubelet and played nodes gives each half of its addresses', () => {
  const [real, played] = halvesOf('10.202.144.0/21');
  expect([real, played]).toEqual(['10.202.144.0/22', '10.202.148.0/22']);
  expect(overlaps(real, played)).toBe(false);
  expect([real, played].every((half) => overlaps(half, '10.202.144.0/21'))).toBe(true);
});
