import { type Case, looking, looks, ready, staying, whole } from '../case.ts';

const resolver = {
  nameservers: ['10.9.8.7'],
  searches: ['one.example', 'two.example'],
  // One only: the kubelet writes several in an order that is different each time.
  options: [{ name: 'ndots', value: '3' }],
};

/** Names, addresses and ports, and the namespaces of the node. */
export const networkCases: readonly Case[] = [
  looks('fqdn', {}, { hostname: 'called-so', subdomain: 'below', setHostnameAsFQDN: true }),
  looks('hostname-override', {}, { hostnameOverride: 'over.ride.example' }),
  looks(`name-of-100-${'x'.repeat(88)}`),
  looks(
    'names',
    {},
    {
      hostname: 'called-so',
      subdomain: 'below',
      hostAliases: [
        { ip: '10.1.1.1', hostnames: ['one.example', 'uno.example'] },
        { ip: '10.2.2.2', hostnames: ['two.example'] },
      ],
      dnsPolicy: 'None',
      dnsConfig: resolver,
    },
  ),
  looks(
    'dns-added',
    {},
    { dnsPolicy: 'ClusterFirst', dnsConfig: { options: [{ name: 'edns0' }] }, enableServiceLinks: false },
  ),
  whole(
    'ports',
    ({ port }) => ({
      containers: [
        staying({
          ports: [
            { name: 'web', containerPort: 8080, protocol: 'TCP' },
            { name: 'dns', containerPort: 5353, protocol: 'UDP' },
            { name: 'out', containerPort: 8081, hostPort: port },
            { name: 'one-address', containerPort: 8082, hostPort: port + 1, hostIP: '127.0.0.1' },
          ],
        }),
      ],
    }),
    { until: ready },
  ),
  looks(
    'host',
    {},
    {
      hostNetwork: true,
      hostPID: true,
      hostIPC: true,
      dnsPolicy: 'ClusterFirstWithHostNet',
    },
  ),
  whole('shared-processes', () => ({
    shareProcessNamespace: true,
    restartPolicy: 'Never',
    containers: [looking(), looking({ name: 'other' })],
  })),
  whole(
    'terminal',
    () => ({
      containers: [
        staying({ tty: true, stdin: true }),
        staying({ name: 'once', stdin: true, stdinOnce: true }),
      ],
    }),
    { until: ready },
  ),
];
