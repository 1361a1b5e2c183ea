import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Client } from '../../../kube/client.ts';
import { describeError, KubeError } from '../../../kube/errors.ts';
import { configMaps } from '../../../kube/resources.ts';
import type { KeyPair } from '../../../serving/keys.ts';

/** The ConfigMap in which every API server says who signs the certificates of its clients. */
const clientCaMap = { namespace: 'kube-system', name: 'extension-apiserver-authentication' };
const clientCaKey = 'client-ca-file';

/** Reads the certificate that we serve with. @throws KubeError `Configuration` */
export async function readKeyPair(files: { certFile: string; keyFile: string }): Promise<KeyPair> {
  return { cert: await read(files.certFile), key: await read(files.keyFile) };
}

/** Reads the client CA from a file. @throws KubeError `Configuration` */
export async function readClientCa(file: string): Promise<string> {
  return checked(await read(file), file);
}

/** Asks the upper cluster for its client CA. @throws KubeError */
export async function fetchClientCa(upper: Client): Promise<string> {
  const { data } = await upper.get(configMaps, clientCaMap, { urgent: true });
  const where = `ConfigMap ${clientCaMap.namespace}/${clientCaMap.name}`;
  const bundle = data?.[clientCaKey];
  if (!bundle) throw new KubeError('Configuration', `${where} has no ${clientCaKey}`);
  return checked(bundle, where);
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new KubeError('Configuration', `a file for the kubelet port: ${describeError(error)}`);
  }
}

function checked(bundle: string, where: string): string {
  try {
    new X509Certificate(bundle);
    return bundle;
  } catch {
    throw new KubeError('Configuration', `the client CA in ${where} is no PEM certificate`);
  }
}
