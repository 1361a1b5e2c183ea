/** The multi-cluster services API (KEP-1645) as far as tests need it: what sigs.k8s.io/mcs-api calls v1alpha1. */
const group = 'multicluster.x-k8s.io';

/** The definitions, for kubectl. */
export const definitions: readonly object[] = [
  definition('ServiceExport', 'serviceexports', {
    type: 'object',
    'x-kubernetes-preserve-unknown-fields': true,
  }),
  definition('ServiceImport', 'serviceimports', {
    type: 'object',
    properties: {
      spec: {
        type: 'object',
        required: ['ports', 'type'],
        properties: {
          type: { type: 'string', enum: ['ClusterSetIP', 'Headless'] },
          ips: { type: 'array', maxItems: 1, items: { type: 'string' } },
          ports: {
            type: 'array',
            items: {
              type: 'object',
              required: ['port'],
              properties: {
                name: { type: 'string' },
                port: { type: 'integer' },
                protocol: { type: 'string' },
                appProtocol: { type: 'string' },
              },
            },
          },
          sessionAffinity: { type: 'string' },
        },
      },
    },
  }),
];

function definition(kind: string, plural: string, schema: object): object {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: `${plural}.${group}`,
      // The API server takes names of this group only with a word of who has approved them.
      annotations: { 'api-approved.kubernetes.io': 'https://github.com/kubernetes/enhancements/pull/1646' },
    },
    spec: {
      group,
      scope: 'Namespaced',
      names: { kind, plural, singular: kind.toLowerCase() },
      versions: [{ name: 'v1alpha1', served: true, storage: true, schema: { openAPIV3Schema: schema } }],
    },
  };
}

/** A ServiceExport, which has nothing but a name. */
export function serviceExport(name: string): object {
  return { apiVersion: `${group}/v1alpha1`, kind: 'ServiceExport', metadata: { name } };
}

/** A ServiceImport of one port. */
export function serviceImport(name: string, spec: object): object {
  return {
    apiVersion: `${group}/v1alpha1`,
    kind: 'ServiceImport',
    metadata: { name, labels: { tier: 'back' } },
    spec: { ports: [{ name: 'http', port: 80, protocol: 'TCP' }], ...spec },
  };
}
