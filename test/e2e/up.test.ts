import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cgroupsOf } from '../../hack/clusters/cgroups.ts';
import { execute } from '../../hack/clusters/exec.ts';
import { layoutOfSet, MAX_SETS } from '../../hack/clusters/layout.ts';
import { mountsBelow } from '../../hack/clusters/mounts.ts';
import { processesOf, readRecords } from '../../hack/clusters/process.ts';
import { claims, RUN_FOLDER } from '../../hack/clusters/state.ts';
import { packageFolder } from '../../src/cli/package-folder.ts';
import { eventually } from '../clusters.ts';

/** A user's clusters beside those of the test run: `isthmus up` in a state folder of its own. */
const isthmus = join(packageFolder(), 'bin', 'isthmus');
let state: string;
let environment: NodeJS.ProcessEnv;

beforeEach(() => {
  state = join(mkdtempSync(join(tmpdir(), 'isthmus-up-')), 'state');
  environment = { ...process.env, ISTHMUS_STATE: state };
});
afterEach(async () => {
  await run('down');
  rmSync(join(state, '..'), { recursive: true });
});

function run(...args: string[]) {
  return execute(process.execPath, [isthmus, ...args], { environment });
}

function startUp(): ChildProcess {
  return spawn(process.execPath, [isthmus, 'up', '--kwok-nodes', '3'], { env: environment, stdio: 'ignore' });
}

function ended(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => child.once('exit', resolve));
}

/** Everything on the machine that belongs to the state folder, or to a set nobody claims. */
function remains(): string[] {
  const claimed = claims().map(({ set }) => layoutOfSet(set).hub);
  const isOrphan = (name: string) => !claimed.includes(name.split('-')[0] ?? '');
  const sets = Array.from({ length: MAX_SETS }, (_, index) => layoutOfSet(index + 1).hub);
  return [
    ...processesOf(state).map(({ pid }) => `process ${pid}`),
    ...mountsBelow(state),
    ...claims().flatMap(({ directory }) => (directory === state ? [`claim of ${state}`] : [])),
    ...sets.filter((hub) => isOrphan(hub) && existsSync(`/sys/class/net/${hub}`)).map((hub) => `link ${hub}`),
    ...sets
      .filter((hub) => isOrphan(hub) && existsSync(`/run/netns/${hub}`))
      .map((hub) => `namespace ${hub}`),
    ...cgroupsOf('isthmus')
      .filter(isOrphan)
      .map((name) => `cgroup ${name}`),
    ...mountsBelow(RUN_FOLDER).filter((mount) => isOrphan(`isthmus${mount.slice(RUN_FOLDER.length + 1)}`)),
  ];
}

describe('isthmus up', () => {
  it('brings two virtual nodes up, says so again, and leaves nothing after down', async () => {
    const first = await run('up', '--kwok-nodes', '3');
    expect(first).toMatchObject({ exitCode: 0, stderr: '' });
    const kubeconfig = join(state, 'upper.kubeconfig');
    expect(first.stdout).toContain(`export KUBECONFIG=${kubeconfig}`);
    const kubectl = (...args: string[]) =>
      execute(join(state, 'kubectl'), ['--kubeconfig', kubeconfig, ...args]);
    const { stdout } = await kubectl('get', 'nodes', '--no-headers');
    expect(
      stdout
        .split('\n')
        .filter(Boolean)
        .map((line) => line.split(/\s+/).slice(0, 2)),
    ).toEqual([
      ['vk-a', 'Ready'],
      ['vk-b', 'Ready'],
    ]);

    const second = await run('up');
    expect(second.stdout).toContain('were up already');
    expect(second.stdout).toContain(`export KUBECONFIG=${kubeconfig}`);

    expect(await run('down')).toMatchObject({ exitCode: 0, stdout: 'stopped\n' });
    await eventually(() => expect(remains()).toEqual([]));
    expect(existsSync(state)).toBe(false);
    expect(await run('down')).toMatchObject({ exitCode: 0, stdout: 'nothing is running\n' });
  });

  it.each(['upper-etcd', 'b-kwok'])('killed when %s has just started, is stopped by down', async (name) => {
    const child = startUp();
    await eventually(() => expect([...readRecords(state).keys()]).toContain(name), { every: 10 });
    child.kill('SIGKILL');
    await ended(child);
    expect(processesOf(state)).not.toEqual([]);
    expect(await run('down')).toMatchObject({ exitCode: 0, stdout: 'stopped\n' });
    await eventually(() => expect(remains()).toEqual([]));
  });

  it('interrupted, stops what it has started', async () => {
    const child = startUp();
    await eventually(() => expect([...readRecords(state).keys()]).toContain('upper-kube-apiserver'));
    child.kill('SIGINT');
    expect(await ended(child)).toBe(1);
    await eventually(() => expect(remains()).toEqual([]));
  });

  it('says that there is no Docker engine, and what a program said that fails, and stops the others', async () => {
    const programs = join(state, '..', 'programs');
    mkdirSync(programs);
    writeFileSync(join(programs, 'etcd'), '#!/bin/sh\necho the disk is lost >&2\nexit 1\n');
    chmodSync(join(programs, 'etcd'), 0o755);
    environment['ISTHMUS_BIN_DIR'] = programs;
    Object.assign(environment, { ISTHMUS_CLUSTERS: 'k3s', DOCKER_HOST: `unix://${state}/no-engine` });
    const { exitCode, stderr, stdout } = await run('up', '--kwok-nodes', '3');
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^isthmus: .*-etcd stopped/);
    expect(stderr).toContain('the disk is lost');
    expect(stdout).toContain('ISTHMUS_CLUSTERS=k3s is skipped: no Docker engine answers');
    await eventually(() => expect(remains()).toEqual([]));
  });
});
