import { labelSelector, nodeAffinity, podAffinity, tolerations } from './selector-shape.ts';
import { deepest, hasShape, isShallow, type Shape } from './shape.ts';

const text: Shape = 'text';
const texts: Shape = { listOf: text };
const amounts: Shape = { mapOf: 'amount' };
const resources: Shape = { fields: { requests: amounts, limits: amounts } };
const named: Shape = { fields: { name: text } };

const containers: Shape = {
  listOf: {
    fields: {
      name: text,
      image: text,
      restartPolicy: text,
      resources,
      ports: { listOf: { fields: { hostPort: 'number', hostIP: text, protocol: text } } },
      env: {
        listOf: {
          fields: {
            name: text,
            value: text,
            valueFrom: {
              fields: {
                configMapKeyRef: named,
                secretKeyRef: named,
                fieldRef: { fields: { fieldPath: text } },
              },
            },
          },
        },
      },
      envFrom: { listOf: { fields: { configMapRef: named, secretRef: named } } },
      volumeMounts: { listOf: { fields: { name: text, mountPath: text } } },
    },
  },
};
const claim: Shape = { fields: { claimName: text }, needs: ['claimName'] };
const claimTemplate: Shape = {
  fields: {
    metadata: { fields: { labels: { mapOf: text }, annotations: { mapOf: text } } },
    spec: {
      fields: {
        storageClassName: text,
        volumeName: text,
        accessModes: texts,
        resources,
        selector: labelSelector,
      },
    },
  },
};
const downwardItems: Shape = {
  fields: { items: { listOf: { fields: { path: text, fieldRef: { fields: { fieldPath: text } } } } } },
};
const volumes: Shape = {
  listOf: {
    fields: {
      name: text,
      persistentVolumeClaim: claim,
      ephemeral: { fields: { volumeClaimTemplate: claimTemplate } },
      configMap: named,
      secret: { fields: { secretName: text } },
      downwardAPI: downwardItems,
      projected: {
        fields: {
          sources: {
            listOf: {
              fields: {
                configMap: named,
                secret: named,
                downwardAPI: downwardItems,
                serviceAccountToken: { fields: { path: text } },
              },
            },
          },
        },
      },
    },
    needs: ['name'],
  },
};
const spread: Shape = {
  listOf: {
    fields: {
      topologyKey: text,
      whenUnsatisfiable: text,
      maxSkew: 'number',
      minDomains: 'number',
      labelSelector,
      matchLabelKeys: texts,
    },
    needs: ['topologyKey', 'whenUnsatisfiable', 'maxSkew'],
  },
};
const statuses: Shape = { listOf: { fields: { name: text, resources, allocatedResources: amounts } } };

/** What translation and scheduling read of a pod (core/v1 Pod). */
const pod: Shape = {
  fields: {
    metadata: {
      fields: {
        namespace: text,
        name: text,
        uid: text,
        resourceVersion: text,
        labels: { mapOf: text },
        annotations: { mapOf: text },
        ownerReferences: { listOf: { fields: { kind: text, name: text, uid: text } } },
      },
    },
    spec: {
      fields: {
        containers,
        initContainers: containers,
        ephemeralContainers: containers,
        volumes,
        nodeName: text,
        nodeSelector: { mapOf: text },
        serviceAccountName: text,
        affinity: { fields: { nodeAffinity, podAffinity, podAntiAffinity: podAffinity } },
        tolerations,
        topologySpreadConstraints: spread,
        overhead: amounts,
        resources,
      },
      needs: ['containers'],
    },
    status: {
      fields: {
        containerStatuses: statuses,
        initContainerStatuses: statuses,
        conditions: { listOf: { fields: { type: text, status: text, reason: text } } },
      },
    },
  },
  needs: ['metadata', 'spec'],
};

/**
 * Whether a value has the shape of a pod, as far as it is read. An API server sees to that; this is for what comes from
 * somebody else, and must do no harm to what is asked after it.
 */
export function isPodShaped(value: unknown): boolean {
  return isShallow(value, deepest) && hasShape(value, pod);
}
