import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checksumIn, download, sourceOf } from './download.ts';
import { programs, servicePrograms } from './versions.ts';

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
    for (const program of [...programs, ...servicePrograms]) {
      for (const arch of ['amd64', 'arm64']) {
        const { url, checksumUrl } = sourceOf(program, arch);
        expect(url).toMatch(/^https:\/\/(dl\.k8s\.io|github\.com)\/.*v\d+\.\d+\.\d+/);
        expect(url).toContain(arch);
        expect(checksumUrl).toMatch(/^https:\/\//);
      }
    }
  });
});

describe('download', () => {
  let folder: string;
  let server: Server;
  let url: string;
  let files: Map<string, Buffer>;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'download-'));
    files = new Map();
    server = createServer((request, response) => {
      const file = files.get(request.url ?? '');
      response.writeHead(file ? 200 : 404).end(file);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(() => {
    server.close();
    rmSync(folder, { recursive: true });
  });

  function publish(name: string, content: Buffer): void {
    files.set(`/${name}`, content);
    files.set(`/${name}.sha256`, Buffer.from(createHash('sha256').update(content).digest('hex')));
  }

  it('leaves the verified program, executable, and nothing else', async () => {
    publish('kubectl', Buffer.from('a program'));
    await download('kubectl', folder, undefined, {
      url: `${url}/kubectl`,
      checksumUrl: `${url}/kubectl.sha256`,
    });
    expect(readdirSync(folder)).toEqual(['kubectl']);
    expect(readFileSync(join(folder, 'kubectl'), 'utf8')).toBe('a program');
    expect(statSync(join(folder, 'kubectl')).mode & 0o111).toBe(0o111);
  });

  it('takes a program out of an archive', async () => {
    const work = mkdtempSync(join(tmpdir(), 'archive-'));
    mkdirSync(join(work, 'etcd-v1'));
    writeFileSync(join(work, 'etcd-v1', 'etcd'), 'a database');
    publish('etcd.tar.gz', execFileSync('tar', ['-czf', '-', '-C', work, 'etcd-v1']));
    rmSync(work, { recursive: true });
    const checksumUrl = `${url}/etcd.tar.gz.sha256`;
    await download('etcd', folder, undefined, {
      url: `${url}/etcd.tar.gz`,
      checksumUrl,
      member: 'etcd-v1/etcd',
    });
    expect(readdirSync(folder)).toEqual(['etcd']);
    expect(readFileSync(join(folder, 'etcd'), 'utf8')).toBe('a database');
  });

  it('leaves nothing of what is not what was published', async () => {
    publish('kubectl', Buffer.from('a program'));
    files.set('/kubectl', Buffer.from('another program'));
    const source = { url: `${url}/kubectl`, checksumUrl: `${url}/kubectl.sha256` };
    await expect(download('kubectl', folder, undefined, source)).rejects.toThrow('published is');
    files.delete('/kubectl');
    await expect(download('kubectl', folder, undefined, source)).rejects.toThrow('answered 404');
    expect(readdirSync(folder)).toEqual([]);
  });
});
