import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { complaint, findBinaries, locate } from './binaries.ts';
import { cacheFolder, stateFolder } from './folders.ts';
import { goArguments } from './gobuild.ts';
import { type Program, programs, versions } from './versions.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'binaries-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function put(name: string, ...which: Program[]): string {
  const place = join(folder, name);
  mkdirSync(place, { recursive: true });
  for (const program of which) {
    writeFileSync(join(place, program), '');
    chmodSync(join(place, program), 0o755);
  }
  return place;
}

describe('findBinaries', () => {
  it("takes the user's programs first, then KUBEBUILDER_ASSETS, then the cache", async () => {
    const environment = {
      ISTHMUS_BIN_DIR: put('mine', 'kubelet'),
      KUBEBUILDER_ASSETS: put('assets', 'kubelet', 'etcd'),
      ISTHMUS_CACHE: folder,
    };
    const cache = put(join('bin', versions.kubernetes), ...programs);
    const found = await findBinaries({ environment });
    expect(found.kubelet).toBe(join(environment.ISTHMUS_BIN_DIR, 'kubelet'));
    expect(found.etcd).toBe(join(environment.KUBEBUILDER_ASSETS, 'etcd'));
    expect(found.kubectl).toBe(join(cache, 'kubectl'));
  });
});

describe('locate', () => {
  it('passes over what cannot be run and folders that are not there', () => {
    const place = put('mine', 'etcd', 'kwok');
    chmodSync(join(place, 'etcd'), 0o644);
    expect([...locate([undefined, '', join(folder, 'nowhere'), place])]).toEqual([
      ['kwok', join(place, 'kwok')],
    ]);
  });
});

describe('complaint', () => {
  it('is one line that says what to install', () => {
    expect(complaint(['kubelet', 'etcd'])).toMatch(
      /^cannot get kubelet, etcd: .*install Go .*ISTHMUS_BIN_DIR$/,
    );
  });
});

describe('goArguments', () => {
  it('stamps the version into what serves it, and into nothing else', () => {
    const version = `gitVersion=${versions.kubernetes}`;
    expect(goArguments('kube-apiserver', '/out').join(' ')).toContain(version);
    expect(goArguments('etcd', '/out').join(' ')).not.toContain(version);
    expect(goArguments('kubelet', '/out').at(-1)).toBe('k8s.io/kubernetes/cmd/kubelet');
  });
});

describe('folders', () => {
  it('follow the environment', () => {
    expect(cacheFolder({ ISTHMUS_CACHE: '/c', XDG_CACHE_HOME: '/x' })).toBe('/c');
    expect(cacheFolder({ XDG_CACHE_HOME: '/x' })).toBe('/x/isthmus');
    expect(stateFolder({ XDG_STATE_HOME: '' })).toMatch(/\/\.local\/state\/isthmus$/);
  });
});
