/**
 * Prefetches the data of the first view, so that the server answers while the browser is still loading the rendering
 * code. The components find the requests in the cache, pending or complete.
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
