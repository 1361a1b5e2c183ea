import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  endProcess,
  isAlive,
  MARKER,
  processesOf,
  readRecords,
  send,
  startProcess,
  startTimeOf,
} from './process.ts';
import { waitFor } from './wait.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'process-'));
});
afterEach(async () => {
  for (const stray of processesOf(folder)) await endProcess(stray);
  rmSync(folder, { recursive: true });
});

function start(name: string, script: string) {
  const recordFile = join(folder, 'processes', `${name}.json`);
  const environment = { [MARKER]: folder };
  return startProcess(
    recordFile,
    name,
    ['sh', '-c', script],
    environment,
    join(folder, 'logs', `${name}.log`),
  );
}

describe('startProcess', () => {
  it('leaves a record from which another process can tell and end it', async () => {
    start('sleeper', 'exec sleep 1000');
    const record = readRecords(folder).get('sleeper');
    if (!record) throw new Error('no record');
    expect(isAlive(record)).toBe(true);
    await endProcess(record);
    expect(isAlive(record)).toBe(false);
  });

  it('collects what the program says and how it ends', async () => {
    const { record, exited } = start('talker', 'echo out; echo err >&2; exit 3');
    expect(await exited).toBe(3);
    expect(readFileSync(record.logFile, 'utf8')).toBe('out\nerr\n');
  });

  it('refuses what is not there', () => {
    const file = join(folder, 'processes', 'x.json');
    expect(() => startProcess(file, 'x', [join(folder, 'nothing')], {}, join(folder, 'x.log'))).toThrow(
      'cannot be started',
    );
  });
});

describe('endProcess', () => {
  it('never touches a process that has got the pid since', async () => {
    const { record } = start('other', 'exec sleep 1000');
    const former = { ...record, startTime: '1' };
    expect(send(former, 'SIGKILL')).toBe(false);
    await endProcess(former);
    expect(isAlive(record)).toBe(true);
  });

  it('kills what does not listen', async () => {
    const { record } = start('stubborn', "trap '' TERM; echo ready; while :; do sleep 1; done");
    await waitFor(
      () => readFileSync(record.logFile, 'utf8') !== '',
      () => 'not ready',
      { within: 5000 },
    );
    await endProcess(record, 'SIGTERM', 100);
    expect(isAlive(record)).toBe(false);
  });
});

describe('processesOf', () => {
  it('finds what was started, even by what was started, without any record', async () => {
    const { record } = start('parent', 'sleep 1000 & wait');
    rmSync(join(folder, 'processes'), { recursive: true });
    const found = await waitFor(
      () => {
        const processes = processesOf(folder);
        return processes.length === 2 && processes;
      },
      () => 'not both were found',
      { within: 5000 },
    );
    expect(found).toContainEqual({ pid: record.pid, startTime: record.startTime });
  });
});

describe('startTimeOf', () => {
  it('knows this process and no other', () => {
    expect(startTimeOf(process.pid)).toMatch(/^\d+$/);
    expect(startTimeOf(2 ** 22 + 1)).toBeUndefined();
  });
});
