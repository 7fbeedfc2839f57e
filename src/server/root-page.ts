import type { Plugin } from 'graphql-yoga'

/** `/` leads to GraphiQL. */
export function useRootPage(graphiql: string): Plugin {
  return {
    onRequest({ request, url, fetchAPI, endResponse }) {
      if (url.pathname !== '/' || (request.method !== 'GET' && request.method !== 'HEAD')) return
      endResponse(new fetchAPI.Response(null, { status: 302, headers: { location: graphiql } }))
    },
  }
}
