import type { CSSProperties } from 'react'
import { hueOf } from '../format/agent-colours.ts'

/** For style sheets: `--hue` is the agent's. Set through the DOM, as a strict content security policy allows. */
export const agentStyle = (agent: string): CSSProperties => ({ ['--hue' as string]: hueOf(agent) })

interface Props {
  agent: string
  /** Shown whole under the pointer, where there may be no room for it. */
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
