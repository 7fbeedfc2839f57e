import { Component, type ReactNode } from 'react'

interface Props {
  /** Shown in place of children that cannot be rendered: their code failed to load, or threw. */
  instead: ReactNode
  children: ReactNode
}

/** An error boundary, so that one failing part does not take down the whole page. React requires a class for this. */
export class Boundary extends Component<Props, { failed: boolean }> {
  static getDerivedStateFromError() {
    return { failed: true }
  }

  override state = { failed: false }

  override render() {
    return this.state.failed ? this.props.instead : this.props.children
  }
}
