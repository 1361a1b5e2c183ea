import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { packageFolder } from './package-folder.ts';

const source = join(import.meta.dirname, 'package-folder.ts');
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'isthmus-package-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

test('the folder this code runs from', () => {
  expect(packageFolder()).toBe(join(import.meta.dirname, '..', '..'));
});

test('of a package it is found without anything of hack/', async () => {
  mkdirSync(join(folder, 'bin'));
  mkdirSync(join(folder, 'dist'));
  writeFileSync(join(folder, 'bin', 'isthmus'), '');
  cpSync(source, join(folder, 'dist', 'package-folder.ts'));
  const copied = await import(pathToFileURL(join(folder, 'dist', 'package-folder.ts')).href);
  expect(copied.packageFolder()).toBe(folder);
});
