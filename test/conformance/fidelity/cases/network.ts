import { type Case, looking, looks, ready, staying, whole } from '../case.ts';

const resolver = {
  nameservers: ['10.9.8.7'],
  searches: ['one.example', 'two.example'],
  options: [{ name: 'ndots', value: '3' }, { name: 'edns0' }],
};

/** Names, addresses and ports, and the namespaces of the node. */
export const networkCases: readonly Case[] = [
  looks('subdomain', {}, { hostname: 'called-so', subdomain: 'below' }),
  looks('fqdn', {}, { hostname: 'called-so', subdomain: 'below', setHostnameAsFQDN: true }),
  looks('hostname-override', {}, { hostnameOverride: 'over.ride.example' }),
  looks(`name-of-100-${'x'.repeat(88)}`),
  looks(
    'host-aliases',
    {},
    {
      hostAliases: [
        { ip: '10.1.1.1', hostnames: ['one.example', 'uno.example'] },
        { ip: '10.2.2.2', hostnames: ['two.example'] },
      ],
    },
  ),
  looks('dns-none', {}, { dnsPolicy: 'None', dnsConfig: resolver }),
  looks('dns-added', {}, { dnsPolicy: 'ClusterFirst', dnsConfig: { options: resolver.options } }),
  looks('no-service-links', {}, { enableServiceLinks: false }),
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
