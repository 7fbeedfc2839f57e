/**
 * Builds the command into `dist` (`npm run build:command`), with the packages that it uses: loading a thousand small
 * files takes longer than all else until the first answer. Packages with native code stay external.
 */
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

export default defineConfig({
  root: here('.'),
  resolve: {
    alias: [
      // One copy of graphql, whether imported or required, as a whole or in parts.
      { find: /^graphql$/, replacement: 'graphql/index.mjs' },
      { find: /^graphql\/(.+)\.js$/, replacement: 'graphql/$1.mjs' },
      // graphql-jit imports it for an option that we do not use; with its dependencies it would be 90% of the compiler.
      { find: /^fast-json-stringify$/, replacement: here('server/no-serializer.ts') },
    ],
  },
  define: { 'process.env.NODE_ENV': '"production"' },
  ssr: { noExternal: true, external: ['libsql', '@duckdb/node-bindings'] },
  build: {
    ssr: true,
    outDir: here('../dist'),
    emptyOutDir: false,
    target: 'node20',
    minify: false,
    reportCompressedSize: false,
    license: { fileName: 'LICENSES.md' },
    rolldownOptions: {
      input: {
        cli: here('cli.ts'),
        'ingest/worker': here('ingest/worker.ts'),
        // Entry points of their own for tests, which load them apart from the command.
        config: here('config.ts'),
        'cli/workshop': here('cli/workshop.ts'),
        'ingest/run': here('ingest/run.ts'),
        'store/duckdb/open': here('store/duckdb/open.ts'),
      },
      output: { entryFileNames: '[name].js', chunkFileNames: 'chunks/[name].js' },
    },
  },
})
