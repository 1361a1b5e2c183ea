import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tar } from './tar.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tar-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function unpack(archive: Buffer): void {
  writeFileSync(join(folder, 'archive.tar'), archive);
  execFileSync('tar', ['-xpf', join(folder, 'archive.tar'), '-C', folder, '--no-same-owner']);
}

describe('tar', () => {
  it('makes what the tar of the machine takes apart', () => {
    unpack(
      tar([
        { path: 'tmp/', type: 'folder', mode: 0o1777 },
        { path: 'bin/', type: 'folder' },
        { path: 'bin/program', type: 'file', content: Buffer.from('#!/bin/sh\n'), mode: 0o755 },
        { path: 'bin/sh', type: 'link', target: 'program' },
      ]),
    );
    expect(readFileSync(join(folder, 'bin/sh'), 'utf8')).toBe('#!/bin/sh\n');
    expect(readlinkSync(join(folder, 'bin/sh'))).toBe('program');
    expect(statSync(join(folder, 'bin/program')).mode & 0o7777).toBe(0o755);
    expect(statSync(join(folder, 'tmp')).mode & 0o7777).toBe(0o1777);
  });

  it('keeps every byte of files of any size', () => {
    const sizes = fc.uint8Array({ maxLength: 2000 });
    fc.assert(
      fc.property(sizes, sizes, (one, other) => {
        unpack(
          tar([
            { path: 'one', type: 'file', content: Buffer.from(one) },
            { path: 'other', type: 'file', content: Buffer.from(other) },
          ]),
        );
        expect(readFileSync(join(folder, 'one'))).toEqual(Buffer.from(one));
        expect(readFileSync(join(folder, 'other'))).toEqual(Buffer.from(other));
      }),
      { numRuns: 20 },
    );
  });

  it('refuses a path that would be cut off', () => {
    expect(() => tar([{ path: 'x'.repeat(101), type: 'folder' }])).toThrow('longer than 100');
    expect(() => tar([{ path: 'x', type: 'link', target: 'y'.repeat(101) }])).toThrow('longer than 100');
  });
});
