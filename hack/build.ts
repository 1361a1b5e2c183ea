import { build } from 'esbuild';
import packageJson from '../package.json' with { type: 'json' };

/**
 * Bundles the program into dist/. Packages stay outside and are resolved as usual, but for the client library: of its
 * 700 models not one is used at run time, and to load them took most of the start of every command.
 */
const bundled: ReadonlySet<string> = new Set(['@kubernetes/client-node']);
const packages = Object.keys({ ...packageJson.dependencies, ...packageJson.devDependencies });

await build({
  entryPoints: ['src/cli/isthmus.ts'],
  bundle: true,
  splitting: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  outdir: 'dist',
  sourcemap: true,
  logLevel: 'warning',
  external: packages.filter((name) => !bundled.has(name)),
  // What the library needs is CommonJS in part, and asks for Node's own modules by require.
  banner: {
    js: "import { createRequire as createRequireOfBundle } from 'node:module'; const require = createRequireOfBundle(import.meta.url);",
  },
});
