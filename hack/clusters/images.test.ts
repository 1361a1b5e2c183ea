import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { BUSYBOX_IMAGE, imageArchive, PAUSE_IMAGE } from './images.ts';

const busybox = Buffer.from('not really busybox');
const archive = imageArchive(busybox, ['sh', 'busybox', 'sleep']);
const untar = (input: Buffer, ...args: string[]) => execFileSync('tar', ['-f', '-', ...args], { input });

interface Manifest {
  readonly Config: string;
  readonly RepoTags: string[];
  readonly Layers: string[];
}
const manifest = JSON.parse(untar(archive, '-xO', 'manifest.json').toString()) as Manifest[];

describe('imageArchive', () => {
  it('has both images, on one layer that their configurations name by its digest', () => {
    expect(manifest.flatMap(({ RepoTags }) => RepoTags)).toEqual([BUSYBOX_IMAGE, PAUSE_IMAGE]);
    expect(new Set(manifest.flatMap(({ Layers }) => Layers)).size).toBe(1);
    for (const { Config, Layers } of manifest) {
      const layer = untar(archive, '-xO', Layers[0] ?? '');
      const config = untar(archive, '-xO', Config);
      const { rootfs } = JSON.parse(config.toString()) as { rootfs: { diff_ids: string[] } };
      expect(rootfs.diff_ids).toEqual([`sha256:${createHash('sha256').update(layer).digest('hex')}`]);
      expect(Config).toBe(`${createHash('sha256').update(config).digest('hex')}.json`);
    }
  });

  it('links every applet but busybox to itself', () => {
    const layer = untar(archive, '-xO', manifest[0]?.Layers[0] ?? '');
    const listing = untar(layer, '-tv').toString();
    expect(listing).toMatch(/^l.* bin\/sh -> busybox$/m);
    expect(listing).toMatch(/^l.* bin\/sleep -> busybox$/m);
    expect(listing).toMatch(
      /^-rwxr-xr-x root\/root +18 .* bin\/busybox$|^-rwxr-xr-x 0\/0 +18 .* bin\/busybox$/m,
    );
    expect(untar(layer, '-xO', 'bin/busybox')).toEqual(busybox);
  });

  it('has a pause that ends at once when asked to', () => {
    const pause = manifest.find(({ RepoTags }) => RepoTags.includes(PAUSE_IMAGE));
    const { config } = JSON.parse(untar(archive, '-xO', pause?.Config ?? '').toString()) as {
      config: { Entrypoint: string[] };
    };
    const [shell = '', ...args] = config.Entrypoint;
    const ended = execFileSync('/bin/sh', [
      '-c',
      'timeout --preserve-status -s TERM 0.3 "$0" "$@"; echo $?',
      shell,
      ...args,
    ]);
    expect(ended.toString()).toBe('0\n');
  });

  it('is the same for the same busybox', () => {
    expect(imageArchive(busybox, ['sh', 'busybox', 'sleep']).equals(archive)).toBe(true);
  });
});
