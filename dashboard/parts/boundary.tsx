import { Component, type ReactNode } from 'react'

interface Props {
  /** What stands there instead of a part that can't be drawn: its code could not be had, or failed. */
  instead: ReactNode
  children: ReactNode
}

/** Without it, one part that can't be drawn would take the whole page with it. Only a class can hold that up. */
export class Boundary extends Component<Props, { failed: boolean }> {
  static getDerivedStateFromError() {
    return { failed: true }
  }

  override state = { failed: false }

  override render() {
    return this.state.failed ? this.props.instead : this.props.children
  }
}
