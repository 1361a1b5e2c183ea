import { describe, expect, it } from 'vitest';
import { checksumIn, sourceOf } from './download.ts';
import { programs } from './versions.ts';

const sum = 'a'.repeat(64);
const other = 'b'.repeat(64);

describe('checksumIn', () => {
  it.each([
    ['a bare sum', `${sum}\n`],
    ['a list', `${other}  other.tar.gz\n${sum}  file.tar.gz\n`],
    ['a list of binary files', `${sum} *file.tar.gz\n`],
    [
      'a release',
      JSON.stringify({ assets: [{ name: 'file.tar.gz', digest: `sha256:${sum}` }, { name: 'x' }] }),
    ],
  ])('finds it in %s', (_, text) => {
    expect(checksumIn(text, 'file.tar.gz')).toBe(sum);
  });

  it.each([
    ['nothing', ''],
    ['a list without the file', `${sum}  file.tar.gz.asc\n`],
    ['a page that says something else', '<html>not found</html>'],
    ['a release without digests', JSON.stringify({ assets: [{ name: 'file.tar.gz', digest: null }] })],
    ['another kind of digest', JSON.stringify({ assets: [{ name: 'file.tar.gz', digest: `md5:${sum}` }] })],
  ])('refuses %s, so that nothing is used unverified', (_, text) => {
    expect(() => checksumIn(text, 'file.tar.gz')).toThrow('no checksum');
  });
});

describe('sourceOf', () => {
  it('names an official release for every program and architecture', () => {
    for (const program of programs) {
      for (const arch of ['amd64', 'arm64']) {
        const { url, checksumUrl } = sourceOf(program, arch);
        expect(url).toMatch(/^https:\/\/(dl\.k8s\.io|github\.com)\/.*v\d+\.\d+\.\d+/);
        expect(url).toContain(arch);
        expect(checksumUrl).toMatch(/^https:\/\//);
      }
    }
  });
});
