/**
 * Builds the command into `dist`: `npm run build:command`. It comes with the packages it uses, since a thousand small
 * files take longer to load than all that it does until it answers. What holds machine code stays a package of its own.
 */
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

export default defineConfig({
  root: here('.'),
  resolve: {
    alias: [
      // One graphql, whether it is imported or required, as a whole or in parts.
      { find: /^graphql$/, replacement: 'graphql/index.mjs' },
      { find: /^graphql\/(.+)\.js$/, replacement: 'graphql/$1.mjs' },
      // graphql-jit loads it for an option that is not used; with all that it needs it would be nine tenths of the compiler.
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
        // Taken apart from the command by tests.
        config: here('config.ts'),
        'cli/workshop': here('cli/workshop.ts'),
        'ingest/run': here('ingest/run.ts'),
        'store/duckdb/open': here('store/duckdb/open.ts'),
      },
      output: { entryFileNames: '[name].js', chunkFileNames: 'chunks/[name].js' },
    },
  },
})
