/** Replaces `fast-json-stringify` in the built command: see `vite.config.ts`. */
export default function noSerializer(): never {
  throw new Error('graphql-jit is not asked to serialise')
}
