/** Builds the page into `dist/dashboard`: `npm run build:dashboard`. */
import { fileURLToPath } from 'node:url'
import { defineConfig, type HtmlTagDescriptor, type Plugin, type Rolldown } from 'vite'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

export default defineConfig({
  root: here('.'),
  // Whatever path a proxy has the page under, its files are beside it.
  base: './',
  plugins: [preloadWhatDraws()],
  resolve: { alias: { 'delegraph/client': here('../client/index.ts') } },
  build: {
    outDir: here('../dist/dashboard'),
    emptyOutDir: true,
    target: 'es2023',
    // Every file is one of the server's own: nothing inline that a strict content security policy would refuse.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [{ name: chunkOfFirstView, debugName: 'first view', includeDependenciesRecursively: false }],
        },
      },
      // "use client" is for servers that render; there is none here.
      onLog: (level, log, handle) => {
        if (log.code !== 'MODULE_LEVEL_DIRECTIVE') handle(level, log)
      },
    },
  },
  // `npx vite dashboard` shows changes at once, with the data of a delegraph that runs beside it. Of a target that is
  // written as a text alone Vite would make the Host, too, and the page would be one of another site.
  server: { proxy: { '/graphql': { target: 'http://127.0.0.1:4000' } } },
})

/** What the first view needs comes in three files: what asks for data, what draws pages, and what draws this one. */
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

/** What draws is loaded while the entry asks for data, and not only once the entry imports it. */
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
