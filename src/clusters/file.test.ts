import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ClusterFile } from './file.ts';
import type { LowerCluster } from './lower-cluster.ts';

let folder: string;
let path: string;
let stopping: AbortController;
let running: Promise<void>;
let seen: ReadonlyMap<string, LowerCluster>[];
let logged: { message: string; msg: string }[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'isthmus-file-'));
  path = join(folder, 'clusters.yaml');
  for (const name of ['a', 'b']) writeFileSync(join(folder, `${name}.kubeconfig`), '');
  stopping = new AbortController();
  seen = [];
  logged = [];
});
afterEach(async () => {
  stopping.abort();
  await running;
  rmSync(folder, { recursive: true });
});

function text(...names: string[]): string {
  return `clusters: [${names.map((name) => `{name: ${name}, kubeconfig: ${name}.kubeconfig}`).join(', ')}]`;
}

/** The period is long, so that only what the file system tells counts, unless a test is about the period. */
async function start(period = 600_000): Promise<void> {
  const logger = pino({ level: 'error' }, { write: (line) => void logged.push(JSON.parse(line)) });
  running = new ClusterFile({ path, logger, period }).run((clusters) => seen.push(clusters), stopping.signal);
  await vi.waitUntil(() => seen.length > 0);
}

const names = () => seen.map((clusters) => [...clusters.keys()].join());

test('the first reading, its kubeconfigs beside it', async () => {
  writeFileSync(path, text('a'));
  await start();
  expect(seen[0]?.get('a')?.kubeconfig).toEqual({ path: join(folder, 'a.kubeconfig') });
});

test.each([
  ['no file', undefined, /clusters.yaml: it cannot be read: there is no such file/],
  ['a mistake', 'clusters: [{name: a}]', /^clusters.yaml: clusters\[0\].kubeconfig: missing/],
  [
    'a kubeconfig that is not there',
    text('a', 'c'),
    /clusters\[1\].kubeconfig: .*c.kubeconfig cannot be read: there is no such file/,
  ],
  ['many mistakes', `clusters: [${'{}, '.repeat(20)}]`, /; and 35 more$/],
])('%s at first is refused', async (_, content, expected) => {
  if (content !== undefined) writeFileSync(path, content);
  running = Promise.resolve();
  const source = new ClusterFile({ path, logger: pino({ level: 'silent' }) });
  await expect(source.run(() => {}, stopping.signal)).rejects.toMatchObject({
    code: 'Configuration',
    message: expect.stringMatching(expected),
  });
});

describe('a change is followed', () => {
  beforeEach(() => writeFileSync(path, text('a')));

  test('when the file is written', async () => {
    await start();
    writeFileSync(path, text('a', 'b'));
    await vi.waitUntil(() => seen.length > 1);
    expect(names()).toEqual(['a', 'a,b']);
    expect(seen[1]?.get('a')).toBe(seen[0]?.get('a'));
  });

  test('when it is replaced, twice', async () => {
    await start();
    for (const [index, next] of [['b'], ['a', 'b']].entries()) {
      writeFileSync(`${path}.new`, text(...next));
      renameSync(`${path}.new`, path);
      await vi.waitUntil(() => seen.length > index + 1);
    }
    expect(names()).toEqual(['a', 'b', 'a,b']);
  });

  test('when it is removed and comes again', async () => {
    await start();
    unlinkSync(path);
    await vi.waitUntil(() => logged.length > 0);
    writeFileSync(path, text('b'));
    await vi.waitUntil(() => seen.length > 1);
    expect(names()).toEqual(['a', 'b']);
  });

  test('when nothing tells of it', async () => {
    const elsewhere = mkdtempSync(join(tmpdir(), 'isthmus-file-'));
    unlinkSync(path);
    writeFileSync(join(elsewhere, 'clusters.yaml'), text('a'));
    symlinkSync(join(elsewhere, 'clusters.yaml'), path);
    await start(100);
    writeFileSync(join(elsewhere, 'clusters.yaml'), text('b'));
    await vi.waitUntil(() => seen.length > 1);
    rmSync(elsewhere, { recursive: true });
  });
});

/** kubelet writes a new folder and turns the link `..data` (pkg/volume/util/atomic_writer.go). */
test('a ConfigMap that is mounted', async () => {
  const version = (name: string, content: string) => {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, 'clusters.yaml'), content);
    symlinkSync(name, join(folder, '..data_tmp'));
    renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
  };
  version('..1', text('a'));
  symlinkSync(join('..data', 'clusters.yaml'), path);
  await start();
  version('..2', text('a', 'b'));
  await vi.waitUntil(() => seen.length > 1);
  expect(names()).toEqual(['a', 'a,b']);
});

test('a later mistake is told once, and the last good version holds until there is a better one', async () => {
  writeFileSync(path, text('a'));
  await start(30);
  writeFileSync(path, 'clusters: [{name: a, kubeconfig: a.kubeconfig, qps: 0}]');
  await vi.waitUntil(() => logged.length > 0);
  writeFileSync(path, text('a', 'b'));
  await vi.waitUntil(() => seen.length > 1);
  expect(names()).toEqual(['a', 'a,b']);
  expect(logged.map(({ message }) => message)).toEqual([
    'clusters.yaml: clusters[0].qps: expected a number above 0, found 0',
  ]);
});
