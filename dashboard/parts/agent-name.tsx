import type { CSSProperties } from 'react'
import { hueOf } from '../format/agent-colours.ts'

/** Sets `--hue` for the style sheets. React sets it through the DOM, which a strict content security policy allows. */
export const agentStyle = (agent: string): CSSProperties => ({ ['--hue' as string]: hueOf(agent) })

interface Props {
  agent: string
  /** Adds the whole name as a tooltip, for places where it may be cut off. */
  titled?: boolean
}

export function AgentName({ agent, titled = false }: Props) {
  return (
    <span className="agent" style={agentStyle(agent)} title={titled ? agent : undefined}>
      <span className="agent-dot" aria-hidden="true" />
      <span className="agent-text">{agent}</span>
    </span>
  )
}
