/**
 * What the first view shows is asked for before there is a view: the server answers while the browser still reads the
 * code that draws. The components that want these answers find them on their way.
 */
import { TreeRowsDocument } from 'delegraph/client'
import { answerTo, queryClient } from './answers.ts'
import { firstRowsOf } from './first-rows.ts'
import { currentPlace } from './place.ts'
import { sessionListVariables, sessionPages } from './session-pages.ts'

export function askForFirstView(): void {
  const place = currentPlace()
  if (place.view !== 'sessions') return
  queryClient.prefetchInfiniteQuery(sessionPages(sessionListVariables(place)))
  if (place.session !== null) queryClient.prefetchQuery(answerTo(TreeRowsDocument, firstRowsOf(place.session)))
}
