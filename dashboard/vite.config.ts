/** Builds the dashboard into `dist/dashboard`: `npm run build:dashboard`. */
import { fileURLToPath } from 'node:url'
import { defineConfig, type HtmlTagDescriptor, type Plugin, type Rolldown } from 'vite'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

export default defineConfig({
  root: here('.'),
  // Relative URLs, since a proxy may serve the page under any path.
  base: './',
  plugins: [preloadWhatDraws()],
  resolve: { alias: { 'delegraph/client': here('../client/index.ts') } },
  build: {
    outDir: here('../dist/dashboard'),
    emptyOutDir: true,
    target: 'es2023',
    // Nothing is inlined: a strict content security policy allows only files from the server itself.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [{ name: chunkOfFirstView, debugName: 'first view', includeDependenciesRecursively: false }],
        },
      },
      // The "use client" directive only matters to server rendering, which is not used here.
      onLog: (level, log, handle) => {
        if (log.code !== 'MODULE_LEVEL_DIRECTIVE') handle(level, log)
      },
    },
  },
  // `npx vite dashboard` shows code changes at once, with the data of a delegraph running on port 4000. `target` must
  // be in an object: for a plain string Vite also rewrites the Host header, and the server would see a cross-origin
  // request.
  server: { proxy: { '/graphql': { target: 'http://127.0.0.1:4000' } } },
})

/** Splits the code of the first view into three chunks: the data requests, React DOM, and the components. */
function chunkOfFirstView(id: string, graph: Pick<Rolldown.PluginContext, 'getModuleInfo'>): string | null {
  const neededBy = (entry: string) => {
    const needed = new Set([here(entry)])
    for (const module of needed)
      for (const imported of graph.getModuleInfo(module)?.importedIds ?? []) needed.add(imported)
    return needed
  }
  if (neededBy('main.ts').has(id)) return 'ask'
  if (/\/node_modules\/(react-dom|scheduler)\//.test(id)) return 'react-dom'
  return neededBy('draw.tsx').has(id) ? 'draw' : null
}

/**
 * Preloads the rendering chunks, so that they load while the entry sends its requests, not only once it imports them.
 */
function preloadWhatDraws(): Plugin {
  return {
    name: 'preload-what-draws',
    transformIndexHtml: {
      order: 'post',
      handler: (html, { bundle = {} }) => {
        const draw = Object.values(bundle).find((file) => file.type === 'chunk' && file.name === 'draw')
        if (draw?.type !== 'chunk') return []
        return [draw.fileName, ...draw.imports]
          .filter((file) => !html.includes(file))
          .map(
            (file): HtmlTagDescriptor => ({
              tag: 'link',
              attrs: { rel: 'modulepreload', crossorigin: true, href: `./${file}` },
              injectTo: 'head',
            }),
          )
      },
    },
  }
}
