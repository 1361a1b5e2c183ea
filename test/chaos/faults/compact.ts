import { mustExecute } from '../../../hack/clusters/exec.ts';
import type { LocalCluster, LocalClusters } from '../../../hack/clusters/open.ts';
import { filesOf } from '../../../hack/clusters/pki.ts';
import { readState } from '../../../hack/clusters/state.ts';

/** Run by node in the cluster's network, where alone its etcd listens: etcd's HTTP gateway takes JSON. */
const script = `
const { readFileSync } = require('node:fs');
const { request } = require('node:https');
const [url, cert, key, ca] = process.argv.slice(1);
const tls = { cert: readFileSync(cert), key: readFileSync(key), ca: readFileSync(ca) };
const post = (path, body) => new Promise((resolve, reject) => {
  const call = request(url + path, { method: 'POST', ...tls }, (response) => {
    let text = '';
    response.on('data', (chunk) => { text += chunk; });
    response.on('end', () => response.statusCode === 200 ? resolve(JSON.parse(text)) : reject(new Error(text)));
  });
  call.on('error', reject).end(JSON.stringify(body));
});
(async () => {
  const { header } = await post('/v3/kv/range', { key: 'AA==' });
  await post('/v3/kv/compaction', { revision: header.revision, physical: true });
  console.log(header.revision);
})().catch((error) => { console.error(error.message); process.exitCode = 1; });
`;

/** Makes the etcd of a cluster forget every revision but the last, whose number it returns. */
export async function compact(
  { directory }: LocalClusters,
  { name, namespace }: LocalCluster,
): Promise<string> {
  const state = readState(directory)?.clusters.find((cluster) => cluster.name === name);
  const files = filesOf(directory, name);
  const url = `https://127.0.0.1:${state?.ports.etcd}`;
  const trust = ['etcd.crt', 'etcd.key', 'etcd-ca.crt'].map((file) => files.key(file));
  const command = [process.execPath, '-e', script, url, ...trust];
  const [program = '', ...args] = namespace
    ? ['nsenter', `--net=/run/netns/${namespace}`, '--', ...command]
    : command;
  return (await mustExecute(program, args)).trim();
}
