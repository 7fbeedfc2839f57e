import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { SlowFirst } from './test/slow-first.ts'

export default defineConfig({
  // One graphql realm: libraries that import `graphql` from CommonJS and from ESM must meet the same classes.
  resolve: {
    alias: [
      { find: /^graphql$/, replacement: 'graphql/index.js' },
      // Examples import the package by its name.
      { find: 'delegraph/client', replacement: fileURLToPath(new URL('client/index.ts', import.meta.url)) },
    ],
  },
  test: {
    include: ['test/**/*.test.ts'],
    sequence: { sequencer: SlowFirst },
    globalSetup: 'test/temporary.ts',
    // What files import is loaded once for all of them: none leaves anything behind in it.
    isolate: false,
    // Conditions are waited for, not times: on a busy machine they take their while. These end only what hangs.
    testTimeout: 600_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 180_000 } },
    // Tests wait for disks, databases and a browser more than they compute: two at a time even where there are two cores.
    maxWorkers: 2,
  },
})
