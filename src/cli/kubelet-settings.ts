import { existsSync } from 'node:fs';
import { KubeError } from '../kube/errors.ts';
import type { ProviderOptions } from '../provider/provider.ts';
import type { ProviderFlags } from './provider-flags.ts';

/** What flags and environment say of the kubelet port. @throws KubeError `Configuration` */
export function kubeletSettings(
  flags: ProviderFlags,
  environment: NodeJS.ProcessEnv,
): ProviderOptions['kubelet'] {
  const clientCa = flags['client-verify-ca'] || environment['APISERVER_CA_CERT_LOCATION'];
  return {
    certificate: servingCertificate(environment),
    clientCaFile: readable('--client-verify-ca', clientCa),
    verifyClients: !flags['no-verify-clients'],
    acceptTokens: flags['authentication-token-webhook'],
  };
}

function servingCertificate(
  environment: NodeJS.ProcessEnv,
): { certFile: string; keyFile: string } | undefined {
  const certFile = readable('APISERVER_CERT_LOCATION', environment['APISERVER_CERT_LOCATION']);
  const keyFile = readable('APISERVER_KEY_LOCATION', environment['APISERVER_KEY_LOCATION']);
  if (certFile && keyFile) return { certFile, keyFile };
  if (!certFile && !keyFile) return undefined;
  throw new KubeError(
    'Configuration',
    'APISERVER_CERT_LOCATION and APISERVER_KEY_LOCATION go together; one of them is not set',
  );
}

function readable(setting: string, path: string | undefined): string | undefined {
  if (path && !existsSync(path))
    throw new KubeError('Configuration', `${setting} names ${path}, which does not exist`);
  return path || undefined;
}
