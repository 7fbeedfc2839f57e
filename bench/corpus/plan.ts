import type { Random } from './random.ts'

/** How a `task` call ends. `refused`: without a child session. `killed`: together with all callers above it. */
export type Fate = 'completed' | 'failed' | 'aborted' | 'killed' | 'refused'

export interface PlannedCall {
  child: PlannedSession
  fate: Fate
  /** A second call that resumes the child session. */
  resumes: boolean
}

/** A session before it is written: its agent, how many answers of the model it takes, and its calls. */
export interface PlannedSession {
  agent: string
  depth: number
  answers: number
  calls: PlannedCall[]
  /** Maximum number of parallel calls in one answer. */
  sideBySide: number
}

const PRIMARY = { build: 70, plan: 15, orchestrator: 15 }
const SUBAGENTS = { general: 34, explore: 26, reviewer: 14, tester: 12, refactoring: 9, 'docs-writer': 5 }
const FATES: Record<Fate, number> = { completed: 93, failed: 2, aborted: 2, killed: 1, refused: 2 }

export interface Size {
  /** Number of ordinary sessions. */
  sessions: number
  messages: number
  /** Two more sessions strain a reader: one nested this many delegations deep, one with this many calls. */
  depth: number
  width: number
  /** Factor for the usual length of a text. */
  text: number
}

/** One year of a heavy user. */
export const heavy = (scale: number): Size => ({
  sessions: Math.round(900 * scale),
  messages: 43_800 * scale,
  depth: 40,
  width: Math.round(2000 * scale),
  text: 1,
})

/** As many traces as 25 heavy years, but hardly any text: for what depends on the number of traces alone. */
export const lean = (scale: number): Size => ({
  sessions: Math.round(97_300 * scale),
  messages: 0,
  depth: 40,
  width: 2000,
  text: 0.05,
})

export function planHistory(random: Random, size: Size) {
  const plan = (agent: string, depth: number, answers: number, sideBySide = 3): PlannedSession => ({
    agent,
    depth,
    answers,
    calls: [],
    sideBySide,
  })
  const call = (child: PlannedSession, fate: Fate): PlannedCall => ({ child, fate, resumes: false })

  const { sessions, depth: deepest, width } = size
  const roots = Array.from({ length: Math.max(1, Math.round(sessions * 0.35)) }, () =>
    plan(random.weighted(PRIMARY), 0, random.skewed(55, 0.9, 900)),
  )
  const all = [...roots]
  const callers: PlannedSession[] = [...roots]
  while (all.length < sessions) {
    const caller = callers[random.whole(0, callers.length - 1)]
    // The deeper an agent, the fewer calls it makes.
    if (!caller || random.chance(caller.depth * 0.2)) continue
    for (let i = random.whole(1, 6); i > 0 && all.length < sessions; i--) {
      const child = plan(random.weighted(SUBAGENTS), caller.depth + 1, random.skewed(22, 0.8, 400))
      const fate = random.weighted(FATES)
      caller.calls.push(call(child, fate))
      if (fate === 'refused') continue
      all.push(child)
      if (child.depth < 4 && fate !== 'killed') callers.push(child)
      if (fate === 'completed' && random.chance(0.03)) caller.calls.push({ child, fate, resumes: true })
    }
  }

  const deep = plan('build', 0, 2)
  for (let caller = deep, depth = 1; depth <= deepest; depth++) {
    const child = plan('general', depth, 2)
    caller.calls.push(call(child, 'completed'))
    caller = child
  }
  const wide = plan('orchestrator', 0, Math.ceil(width / 10) + 1, 10)
  for (let i = 0; i < width; i++) wide.calls.push(call(plan(random.weighted(SUBAGENTS), 1, 2), 'completed'))

  // Scales the randomly drawn answers to the target number, less those of the two special sessions.
  const target = size.messages * 0.955 - wide.answers - 3 * (width + deepest)
  const factor = target / all.reduce((sum, session) => sum + session.answers, 0)
  for (const session of all) session.answers = Math.max(2, Math.round(session.answers * factor))
  return { roots: [...roots, deep, wide], deep, wide }
}
