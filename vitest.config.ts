import { defineConfig } from 'vitest/config';

/** Unit tests stand beside their source; tests on real clusters stand under test/ and share one machine. */
export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: ['src/**/*.test.ts', 'hack/**/*.test.ts'] } },
      {
        test: {
          name: 'clusters',
          include: ['test/**/*.test.ts'],
          globalSetup: ['test/clusters.setup.ts'],
          fileParallelism: false,
          testTimeout: 120_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
});
