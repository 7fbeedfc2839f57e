import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  // One graphql realm: libraries that import `graphql` from CommonJS and from ESM must meet the same classes.
  resolve: {
    alias: [
      { find: /^graphql$/, replacement: 'graphql/index.js' },
      // Examples import the package by its name.
      { find: 'delegraph/client', replacement: fileURLToPath(new URL('client/index.ts', import.meta.url)) },
    ],
  },
  // Tests wait for disks, databases and a browser more than they compute: two at a time even where there are two cores.
  test: { include: ['test/**/*.test.ts'], testTimeout: 30_000, hookTimeout: 60_000, maxWorkers: 2 },
})
