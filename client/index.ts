/**
 * The typed client, published as `delegraph/client`: the documents and types generated from the `*.graphql` files in
 * this directory, `request` to send one, and `subscribe` to follow a subscription.
 */
export * from './generated/graphql.ts'
export { type GraphQLFailure, RequestError, type RequestOptions, request, type TypedDocument } from './request.ts'
export { type SubscribeOptions, subscribe } from './subscribe.ts'
