/**
 * Other readers of OpenCode's history, if they are installed:
 *
 *   mkdir peers && cd peers && npm init -y && npm install ccusage@20.0.24 @ccusage/ccusage-linux-x64@20.0.24 \
 *     tokscale@1.4.3 bun@latest oc-1.18@npm:opencode-linux-x64@1.18.34 oc-1.1@npm:opencode-linux-x64@1.1.65
 */
import { chmodSync, existsSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Layout, Truth } from './corpus.ts'
import { type ProcessRun, runProcess } from './measure.ts'

export interface Peer {
  name: string
  layout: Layout
  /** Throws if its totals differ from the truth. */
  run(): Promise<ProcessRun>
}

/** The peers installed in `directory`, which read `corpus` from a home directory of their own. */
export function listPeers(directory: string, corpus: string, home: string, truth: Truth): Peer[] {
  const modules = join(directory, 'node_modules')
  const ccusage = join(modules, '@ccusage/ccusage-linux-x64/bin/ccusage')
  const tokscale = join(modules, '.bin/tokscale')
  const opencode = { files: join(modules, 'oc-1.1/bin/opencode'), database: join(modules, 'oc-1.18/bin/opencode') }
  const [input, , , cacheRead, cacheWrite] = truth.tokens
  const project = join(home, 'project')
  mkdirSync(project, { recursive: true })
  allowWithoutPrices(home)

  // Output tokens are not compared: whether they include reasoning depends on OpenCode's version and on the peer.
  const compare = (name: string, found: (number | undefined)[], wanted: number[]) => {
    if (found.join() !== wanted.join()) throw new Error(`${name} finds ${found} instead of ${wanted}`)
  }
  const run = async (layout: Layout, command: string, args: string[], check: (out: string) => void) => {
    const env = {
      PATH: `${join(modules, '.bin')}:${process.env.PATH}`,
      HOME: home,
      XDG_DATA_HOME: join(corpus, layout),
      XDG_CONFIG_HOME: join(home, 'config'),
      XDG_STATE_HOME: join(home, 'state'),
      OPENCODE_DISABLE_AUTOUPDATE: '1',
      OPENCODE_DISABLE_MODELS_FETCH: '1',
      OPENCODE_DISABLE_DEFAULT_PLUGINS: '1',
      NO_COLOR: '1',
    }
    const done = await runProcess(command, args, env, project)
    if (done.code !== 0) throw new Error(`${command} ended with ${done.code}: ${done.stderr.slice(0, 500)}`)
    check(done.stdout)
    return done
  }

  const peers: Peer[] = []
  for (const layout of ['database', 'files'] as const) {
    if (existsSync(opencode[layout])) {
      peers.push({
        name: 'opencode stats',
        layout,
        run: () =>
          run(layout, opencode[layout], ['stats'], (out) => {
            const sessions = /│Sessions +([\d,]+)/.exec(out)?.[1]?.replaceAll(',', '')
            compare('opencode stats', [Number(sessions)], [truth.counts.sessions])
          }),
      })
    }
    if (existsSync(ccusage)) {
      // Its own start script would do the same.
      chmodSync(ccusage, 0o755)
      peers.push({
        name: 'ccusage',
        layout,
        run: () =>
          run(layout, ccusage, ['opencode', 'session', '--json', '--offline'], (out) => {
            const { totals } = JSON.parse(out) as { totals: Record<string, number> }
            const found = [totals.inputTokens, totals.cacheReadTokens, totals.cacheCreationTokens]
            compare('ccusage', found, [input, cacheRead, cacheWrite])
          }),
      })
    }
    if (existsSync(tokscale)) {
      peers.push({
        name: 'tokscale',
        layout,
        run: () =>
          run(
            layout,
            join(modules, '.bin/bun'),
            [realpathSync(tokscale), 'models', '--opencode', '--json', '--no-spinner'],
            (out) => {
              const totals = JSON.parse(out) as Record<string, number>
              const found = [totals.totalInput, totals.totalCacheRead, totals.totalCacheWrite]
              compare('tokscale', found, [input, cacheRead, cacheWrite])
            },
          ),
      })
    }
  }
  return peers
}

/** Without a price list, tokscale would try to download one and fail; only its token counts are compared. */
function allowWithoutPrices(home: string) {
  const cache = join(home, '.cache/tokscale')
  mkdirSync(cache, { recursive: true })
  const prices = JSON.stringify({ timestamp: Math.floor(Date.now() / 1000), data: { x: { input_cost_per_token: 0 } } })
  for (const list of ['litellm', 'openrouter']) writeFileSync(join(cache, `pricing-${list}.json`), prices)
}
