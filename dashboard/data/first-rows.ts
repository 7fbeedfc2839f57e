import type { TreeRowsQueryVariables } from 'delegraph/client'

/** More than fit on a screen; most trees have fewer. */
const FIRST_ROWS = 150

/** The variables of the first query for a tree, which reads only its first rows. */
export const firstRowsOf = (id: string): TreeRowsQueryVariables => ({ id, first: FIRST_ROWS })
