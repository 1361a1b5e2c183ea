import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { mustExecute } from './exec.ts';
import { type TarEntry, tar } from './tar.ts';
import { lines } from './text.ts';

/** The images that every real kubelet here has; there may be no registry to pull them from. */
export const PAUSE_IMAGE = 'registry.k8s.io/pause:3.10';
export const BUSYBOX_IMAGE = 'docker.io/library/busybox:1.36';

/**
 * Stands in for the pause program: sleeps, ends at once on SIGTERM (a shell that is process 1 would ignore it
 * without a trap), and collects orphans, since the shell waits for any child.
 */
const pause = ['/bin/sh', '-c', "trap 'exit 0' TERM INT; while :; do sleep 2147483647 & wait; done"];

/** Writes an archive that `ctr images import` takes, made of the machine's own static busybox. */
export async function writeImages(file: string, busybox = '/bin/busybox'): Promise<void> {
  const applets = lines(await mustExecute(busybox, ['--list']));
  writeFileSync(file, imageArchive(readFileSync(busybox), applets));
}

/** Two images on one layer, as a `docker save` archive. The same busybox gives the same bytes. */
export function imageArchive(busybox: Buffer, applets: readonly string[]): Buffer {
  const layer = tar(rootFiles(busybox, applets));
  const images = [
    { name: BUSYBOX_IMAGE, config: { Cmd: ['sh'] } },
    { name: PAUSE_IMAGE, config: { Entrypoint: pause } },
  ].map(({ name, config }) => {
    const content = Buffer.from(JSON.stringify(imageConfig(config, sha256(layer))));
    return { name, path: `${sha256(content)}.json`, content };
  });
  const layerPath = `${sha256(layer)}.tar`;
  const manifest = images.map(({ name, path }) => ({ Config: path, RepoTags: [name], Layers: [layerPath] }));
  return tar([
    { path: layerPath, type: 'file', content: layer },
    ...images.map(({ path, content }): TarEntry => ({ path, type: 'file', content })),
    { path: 'manifest.json', type: 'file', content: Buffer.from(JSON.stringify(manifest)) },
  ]);
}

function rootFiles(busybox: Buffer, applets: readonly string[]): TarEntry[] {
  const folders = ['bin', 'etc', 'root', 'usr', 'usr/bin', 'var'];
  return [
    ...folders.map((path): TarEntry => ({ path: `${path}/`, type: 'folder' })),
    { path: 'tmp/', type: 'folder', mode: 0o1777 },
    {
      path: 'etc/passwd',
      type: 'file',
      content: Buffer.from('root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n'),
    },
    { path: 'etc/group', type: 'file', content: Buffer.from('root:x:0:\nnogroup:x:65534:\n') },
    { path: 'bin/busybox', type: 'file', content: busybox, mode: 0o755 },
    // busybox lists itself among its applets: a link to itself would replace it.
    ...applets
      .filter((applet) => applet !== 'busybox')
      .map((applet): TarEntry => ({ path: `bin/${applet}`, type: 'link', target: 'busybox' })),
    { path: 'usr/bin/env', type: 'link', target: '../../bin/busybox' },
  ];
}

function imageConfig(config: object, layerDigest: string): object {
  return {
    architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
    os: 'linux',
    created: '1970-01-01T00:00:00Z',
    config: { Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'], ...config },
    rootfs: { type: 'layers', diff_ids: [`sha256:${layerDigest}`] },
    history: [{ created: '1970-01-01T00:00:00Z', created_by: "isthmus, from the machine's static busybox" }],
  };
}

function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
