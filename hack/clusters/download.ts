import { createHash } from 'node:crypto';
import { chmodSync, createWriteStream, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { EnvHttpProxyAgent, fetch } from 'undici';
import { mustExecute } from './exec.ts';
import { moduleOf, type Program, type servicePrograms, versions } from './versions.ts';

type Release = ReturnType<typeof moduleOf>;

/** Where a program is published, and where the checksum of that file is. */
export interface Source {
  readonly url: string;
  readonly checksumUrl: string;
  /** The path inside the archive, if the published file is one. */
  readonly member?: string;
}

const architecture = process.arch === 'arm64' ? 'arm64' : 'amd64';

/** Time for all release sites together to answer at all: whoever has no network must not wait for it. */
const PROBE_MILLISECONDS = 5000;

/** What has an official release that can be downloaded. */
type Released = Program | (typeof servicePrograms)[number];

/** The official release of a program. */
export function sourceOf(program: Released, arch: string = architecture): Source {
  if (program === 'etcd') {
    const folder = `https://github.com/etcd-io/etcd/releases/download/${versions.etcd}`;
    const name = `etcd-${versions.etcd}-linux-${arch}`;
    return { url: `${folder}/${name}.tar.gz`, checksumUrl: `${folder}/SHA256SUMS`, member: `${name}/etcd` };
  }
  if (program === 'kwok') {
    const repository = 'kubernetes-sigs/kwok';
    return {
      url: `https://github.com/${repository}/releases/download/${versions.kwok}/kwok-linux-${arch}`,
      // kwok publishes no checksum file; GitHub publishes the digest of every file of a release.
      checksumUrl: `https://api.github.com/repos/${repository}/releases/tags/${versions.kwok}`,
    };
  }
  if (program === 'coredns') {
    const name = `coredns_${versions.coredns.slice(1)}_linux_${arch}.tgz`;
    const url = `https://github.com/coredns/coredns/releases/download/${versions.coredns}/${name}`;
    return { url, checksumUrl: `${url}.sha256`, member: 'coredns' };
  }
  const url = `https://dl.k8s.io/release/${versions.kubernetes}/bin/linux/${arch}/${program}`;
  return { url, checksumUrl: `${url}.sha256` };
}

/** Which releases can be reached; gives up after five seconds in total. */
export async function reachableReleases(signal?: AbortSignal): Promise<Set<Release>> {
  const probes = (['kubectl', 'etcd', 'kwok'] as const).map(async (program) => {
    const limit = AbortSignal.timeout(PROBE_MILLISECONDS);
    const response = await get(
      sourceOf(program).checksumUrl,
      signal ? AbortSignal.any([signal, limit]) : limit,
    );
    await response.body?.cancel();
    return moduleOf(program);
  });
  const answers = await Promise.allSettled(probes);
  return new Set(answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : [])));
}

/** Downloads a program into the folder under its own name. It appears there whole and verified, or not at all. */
export async function download(
  program: Released,
  folder: string,
  signal?: AbortSignal,
  source: Source = sourceOf(program),
): Promise<void> {
  const checksums = await (await get(source.checksumUrl, signal)).text();
  const wanted = checksumIn(checksums, basename(source.url));
  const temporary = mkdtempSync(join(folder, '.download-'));
  try {
    const file = join(temporary, basename(source.url));
    const got = await save(source.url, file, signal);
    if (got !== wanted) throw new Error(`sha256 is ${got}, published is ${wanted}`);
    if (source.member) await mustExecute('tar', ['-xzf', file, '-C', temporary, source.member]);
    const binary = source.member ? join(temporary, source.member) : file;
    chmodSync(binary, 0o755);
    renameSync(binary, join(folder, program));
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** The sha256 of a file in what its publisher publishes: the bare sum, a SHA256SUMS list, or GitHub's release. */
export function checksumIn(text: string, file: string): string {
  const bare = /^\s*([0-9a-f]{64})\s*$/.exec(text)?.[1];
  const listed = text.split('\n').map((line) => /^([0-9a-f]{64})\s+\*?(\S+)$/.exec(line.trim()));
  const sum = bare ?? listed.find((match) => match?.[2] === file)?.[1] ?? digestIn(text, file);
  if (sum === undefined) throw new Error(`no checksum is published for ${file}`);
  return sum;
}

function digestIn(text: string, file: string): string | undefined {
  if (!text.trimStart().startsWith('{')) return undefined;
  const release = JSON.parse(text) as { assets?: { name: string; digest?: string | null }[] };
  const digest = release.assets?.find(({ name }) => name === file)?.digest;
  return digest ? /^sha256:([0-9a-f]{64})$/.exec(digest)?.[1] : undefined;
}

async function save(url: string, file: string, signal: AbortSignal | undefined): Promise<string> {
  const hash = createHash('sha256');
  const { body } = await get(url, signal);
  if (!body) throw new Error(`${url} is empty`);
  const hashing = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      done(null, chunk);
    },
  });
  await pipeline(Readable.fromWeb(body), hashing, createWriteStream(file), signal ? { signal } : {});
  return hash.digest('hex');
}

async function get(url: string, signal: AbortSignal | undefined): ReturnType<typeof fetch> {
  // A stalled download must end in a build, not hang; undici's own limit is five minutes.
  const dispatcher = new EnvHttpProxyAgent({ bodyTimeout: 20_000, headersTimeout: 20_000 });
  const response = await fetch(url, { dispatcher, ...(signal && { signal }) });
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return response;
}
