import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, expect, test } from 'vitest';

const rules: { forbidden: { name: string }[] } = createRequire(import.meta.url)(
  '../../.dependency-cruiser.cjs',
);
const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

/** What dependency-cruiser says of a small tree with our rules. */
function violations(files: Record<string, string>): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'isthmus-imports-'));
  folders.push(folder);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  for (const shared of ['node_modules', 'package.json', 'tsconfig.json', '.dependency-cruiser.cjs'])
    symlinkSync(resolve(shared), join(folder, shared));
  const cruise = [resolve('node_modules/.bin/depcruise'), 'src', '--config', '.dependency-cruiser.cjs'];
  const json = execFileSync(process.execPath, [...cruise, '--output-type', 'json'], { cwd: folder });
  const { summary }: { summary: { violations: { from: string; rule: { name: string } }[] } } = JSON.parse(
    json.toString(),
  );
  return summary.violations.map(({ from, rule }) => `${rule.name} ${from}`).sort();
}

/** Each file breaks the rule it stands for, by an ordinary import or by one of types alone. */
const broken = {
  'no-circles src/kube/a.ts': "import type { B } from './b.ts';\nexport type A = B;\n",
  'no-orphans src/cli/lonely.ts': 'export const lonely = 1;\n',
  'pure-stays-pure src/translate/client.ts': "import '../kube/a.ts';\n",
  'pure-stays-pure src/scheduling/clock.ts': "import 'node:timers';\n",
  'kube-stands-alone src/kube/above.ts': "import type {} from '../translate/client.ts';\n",
  'provider-imports-no-other-program src/provider/p.ts': "import '../webhook/w.ts';\n",
  'webhook-imports-no-other-program src/webhook/w.ts': "import '../cli/lonely2.ts';\n",
  'controllers-imports-no-other-program src/controllers/c.ts': "import '../webhook/w.ts';\n",
  'multischeduler-imports-no-other-program src/multischeduler/m.ts': "import '../provider/p.ts';\n",
  'descheduler-imports-no-other-program src/descheduler/d.ts': "import '../provider/p.ts';\n",
  'joining-imports-no-other-program src/joining/j.ts': "import '../provider/p.ts';\n",
  'clusters-is-neutral src/clusters/l.ts': "import type {} from '../joining/j.ts';\n",
  'serving-is-neutral src/serving/s.ts': "import type {} from '../webhook/w.ts';\n",
  'metrics-know-only-kube src/metrics/n.ts': "import type {} from '../translate/client.ts';\n",
  'operations-know-no-program src/operations/o.ts': "import type {} from '../provider/p.ts';\n",
  'only-metrics-count src/cli/count.ts': "import 'prom-client';\n",
  'src-imports-no-tests src/cli/t.ts': "import '../kube/x.test.ts';\n",
  'only-cli-imports-hack src/provider/h.ts': "import '../../hack/up.ts';\n",
  'no-undeclared-packages src/cli/u.ts': "import 'acorn';\n",
  'no-dev-packages-at-run-time src/cli/v.ts': "import { test } from 'vitest';\nexport { test };\n",
};
const needed = {
  'src/kube/b.ts': "import type { A } from './a.ts';\nexport type B = A;\n",
  'src/cli/lonely2.ts': "import './t.ts';\n",
  'src/kube/x.test.ts': "import './above.ts';\n",
  'hack/up.ts': 'export const up = 1;\n',
};

test('every rule on imports fires, on imports of types too', () => {
  const files = Object.entries(broken).map(([named, text]) => [named.split(' ')[1], text]);
  const found = violations({ ...Object.fromEntries(files), ...needed });
  expect(found).toEqual(expect.arrayContaining(Object.keys(broken)));
  const fired = new Set(found.map((violation) => violation.split(' ')[0]));
  expect(rules.forbidden.map(({ name }) => name).filter((name) => !fired.has(name))).toEqual([]);
}, 20_000);

test('what the rules allow passes', () => {
  const allowed = {
    'src/cli/main.ts': "import '../provider/p.ts';\nimport '../../hack/up.ts';\n",
    'src/provider/p.ts': "import '../translate/t.ts';\nimport '../kube/client.ts';\nimport 'undici';\n",
    'src/translate/t.ts': "import type { Pod } from '../kube/types.ts';\nexport type P = Pod;\n",
    'src/kube/types.ts': "import type { V1Pod } from '@kubernetes/client-node';\nexport type Pod = V1Pod;\n",
    'src/kube/client.ts': "import type {} from './types.ts';\n",
    'hack/up.ts': 'export const up = 1;\n',
  };
  expect(violations(allowed)).toEqual([]);
}, 20_000);
