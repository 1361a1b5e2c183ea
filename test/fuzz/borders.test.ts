import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { packageFolder } from '../../src/cli/package-folder.ts';
import { borders, elsewhere } from './borders/all.ts';
import { cross } from './borders/border.ts';
import { campaign, kind } from './parts/campaign.ts';

/** How many of 100,000: what takes a while to read, and all together. */
const [slow, all] = [700, 35_264];
const sources = join(packageFolder(), 'src');
/** Whoever reads what others wrote does it by one of these. */
const reading =
  /\bJSON\.parse\(|\bparse(Document|AllDocuments)\(|from 'yaml'|\bsafeParse\(|\bz\.\w+\(|process\.env\b|\benvironment\[/;
const onlyWrites = /import \{ stringify \} from 'yaml'/;

test('every file that reads what others wrote has a border here, or is said to be looked at elsewhere', () => {
  const files = readdirSync(sources, { recursive: true, encoding: 'utf8' }).filter((file) =>
    /^(?!.*test).*\.ts$/.test(file),
  );
  const readers = files.filter((file) =>
    reading.test(readFileSync(join(sources, file), 'utf8').replace(onlyWrites, '')),
  );
  const known = [...borders.flatMap(({ covers }) => covers), ...Object.keys(elsewhere)];
  expect(readers.filter((file) => !known.includes(file))).toEqual([]);
  expect(known.filter((file) => !files.includes(file))).toEqual([]);
});

test('whatever is written is read, or refused in one line', { timeout: 600_000 }, async () => {
  const costly = borders.filter(({ isCostly }) => isCostly).length;
  const others = Math.round((all - costly * slow) / (borders.length - costly));
  const kinds = borders.map((border) =>
    kind({
      name: border.name,
      share: border.isCostly ? slow : others,
      atOnce: 1,
      inputs: border.inputs,
      send: (text) => cross(border, text),
    }),
  );
  await campaign('text', kinds);
});
