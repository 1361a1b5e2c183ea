import { isIP } from 'node:net';
import type { JsonGeneralNames, JsonName } from '@peculiar/x509';

/** Who a kubelet says it is; the signer of their certificates takes nothing else. */
export function kubeletSubject(nodeName: string): JsonName {
  return [{ O: ['system:nodes'] }, { CN: [`system:node:${nodeName}`] }];
}

/** The IP addresses and DNS names for which a certificate is good: those given and the node's name. */
export function subjectAlternativeNames(nodeName: string, addresses: readonly string[]): JsonGeneralNames {
  return [...new Set([nodeName, ...addresses])].map((value) => ({
    type: isIP(value) ? ('ip' as const) : ('dns' as const),
    value,
  }));
}
