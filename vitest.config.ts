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
  test: { include: ['test/**/*.test.ts'], testTimeout: 30_000, hookTimeout: 60_000 },
})
