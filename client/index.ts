/** The typed client: the documents and types of `*.graphql` beside this file, and a function that sends one. */
export * from './generated/graphql.ts'
export { type GraphQLFailure, RequestError, type RequestOptions, request, type TypedDocument } from './request.ts'
export { type SubscribeOptions, subscribe } from './subscribe.ts'
