/** The services for resolvers in tests: reading does nothing, and no terminal opens. */
import type { IngestReport, Services } from '../src/resolvers/context.ts'
import { resumeCommand } from '../src/resolvers/resume-command.ts'
import type { AnalyticsReader, AnomalyReader, PatternReader, TextReader, TraceReader } from '../src/store/store.ts'

export const QUIET_REPORT: IngestReport = {
  status: 'IDLE',
  startedAtMs: Date.UTC(2026, 10, 24, 9),
  finishedAtMs: Date.UTC(2026, 10, 24, 9, 0, 1),
  durationMs: 1000,
  message: null,
  demo: false,
  findings: async () => ({
    sources: [{ sourceId: 'OPENCODE_SQLITE:/data/opencode.db', sessions: 2, files: 1, bytes: 4096, rejected: 1 }],
    rejected: [{ path: '/data/opencode.db: part prt_1', reason: 'not JSON', atMs: Date.UTC(2026, 10, 24, 9) }],
  }),
}

/** Ends without any event. */
const NOTHING_HAPPENS = async function* () {}

const notAnswered = async () => {
  throw new Error('this store answers no such question')
}

/** For in-memory stores, which know only traces. */
const NO_PATTERNS: PatternReader = { searchPattern: notAnswered, getAgentNames: notAnswered }

const NO_ANALYTICS: AnalyticsReader = {
  agentStats: notAnswered,
  agentTotals: notAnswered,
  agentTools: notAnswered,
  agentCallers: notAnswered,
  agentCallees: notAnswered,
  usageBy: notAnswered,
  facets: notAnswered,
  agentBaselines: notAnswered,
  flowNodes: notAnswered,
  flowEdges: notAnswered,
}

const NO_ANOMALIES: AnomalyReader = { findAnomalies: notAnswered, anomaliesOf: notAnswered }

const NO_TEXT: TextReader = { searchText: notAnswered }

export function servicesFor(
  store: TraceReader & Partial<PatternReader & AnalyticsReader & AnomalyReader & TextReader>,
  changes: Partial<Services> = {},
): Services {
  return {
    store: { ...NO_PATTERNS, ...NO_ANALYTICS, ...NO_ANOMALIES, ...NO_TEXT, ...store },
    staleAfterMs: 600_000,
    anomalyThreshold: 3.5,
    ingest: { report: () => QUIET_REPORT, ingestNow: async () => QUIET_REPORT },
    live: { changes: NOTHING_HAPPENS, progress: NOTHING_HAPPENS },
    terminal: {
      openSession: async (session) => ({
        opened: false,
        command: resumeCommand(session),
        message: 'No terminal in tests.',
      }),
    },
    ...changes,
  }
}

const ignore = () => {}
export const SILENT = { debug: ignore, info: ignore, warn: ignore, error: ignore }
