import { defineConfig } from 'vitest/config'

export default defineConfig({
  // One graphql realm: libraries that import `graphql` from CommonJS and from ESM must meet the same classes.
  resolve: { alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }] },
  test: { include: ['test/**/*.test.ts'], testTimeout: 30_000 },
})
