import { defineConfig } from 'vitest/config';

/** Tests on real clusters share one set of them, and one machine. */
const onClusters = {
  globalSetup: ['test/clusters.setup.ts'],
  fileParallelism: false,
  testTimeout: 120_000,
  hookTimeout: 180_000,
};

/**
 * Unit tests stand beside their source; the others under test/, the long ones in test/conformance/. By hand are run the
 * rough ones in test/attack/ and the measurements in test/bench/.
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['src/**/*.test.ts', 'hack/**/*.test.ts', 'test/chaos/schedule.test.ts'],
          testTimeout: 30_000,
        },
      },
      { test: { name: 'clusters', include: ['test/e2e/**/*.test.ts'], ...onClusters } },
      { test: { name: 'conformance', include: ['test/conformance/**/*.test.ts'], ...onClusters } },
      {
        test: {
          ...onClusters,
          name: 'chaos',
          include: ['test/chaos/chaos.test.ts'],
          globalSetup: ['test/chaos/clusters.setup.ts'],
        },
      },
      {
        test: {
          name: 'fuzz',
          include: ['test/fuzz/**/*.test.ts'],
          // Servers and clients share a process each, which waits for nothing.
          maxWorkers: 2,
          globalSetup: ['test/fuzz/report.setup.ts'],
        },
      },
      { test: { name: 'bench', include: ['test/bench/**/*.test.ts'], ...onClusters } },
      { test: { name: 'attack', include: ['test/attack/**/*.test.ts'], ...onClusters } },
    ],
  },
});
