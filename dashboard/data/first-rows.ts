import type { TreeRowsQueryVariables } from 'delegraph/client'

/** More than a screen holds; most trees have fewer. */
const FIRST_ROWS = 150

/** What is asked of a tree before the whole of it. */
export const firstRowsOf = (id: string): TreeRowsQueryVariables => ({ id, first: FIRST_ROWS })
