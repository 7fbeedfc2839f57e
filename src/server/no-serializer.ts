/** Stands in the built command for `fast-json-stringify`: see `vite.config.ts`. */
export default function noSerializer(): never {
  throw new Error('graphql-jit is not asked to serialise')
}
