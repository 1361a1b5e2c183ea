import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { packageFolder } from '../../src/cli/package-folder.ts';
import { fates } from '../../src/translate/fates/fates.ts';
import { podFields } from './pod-fields.ts';

const made = podFields();

it('docs/pod-fields.md is what the table of fates says; npm run generate makes it anew', () => {
  expect(readFileSync(join(packageFolder(), 'docs', 'pod-fields.md'), 'utf8')).toBe(made);
});

it('names every field of every type, with what is to be said of it', () => {
  const sections = made.split('\n## ').slice(1);
  expect(sections.length).toBe(Object.keys(fates).length);
  for (const [index, of] of Object.values(fates).entries()) {
    for (const [field, fate] of Object.entries(of)) {
      expect(sections[index]).toContain(`\`${field}\``);
      if (fate.note) expect(sections[index]).toContain(fate.note);
    }
  }
});

it('breaks no table with what a note says', () => {
  for (const line of made.split('\n').filter((line) => line.startsWith('|')))
    expect(line.split('|').length).toBe(5);
});
