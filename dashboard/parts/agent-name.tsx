import type { CSSProperties } from 'react'
import { hueOf } from '../format/agent-colours.ts'

/** For style sheets: `--hue` is the agent's. Set through the DOM, as a strict content security policy allows. */
export const agentStyle = (agent: string): CSSProperties => ({ ['--hue' as string]: hueOf(agent) })

export function AgentName({ agent }: { agent: string }) {
  return (
    <span className="agent" style={agentStyle(agent)}>
      <span className="agent-dot" aria-hidden="true" />
      <span className="agent-text">{agent}</span>
    </span>
  )
}
