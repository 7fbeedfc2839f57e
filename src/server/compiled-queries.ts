/**
 * Queries that come again are compiled (graphql-jit): a tree of 2,000 traces is written in a fifth of the time.
 *
 * `@envelop/graphql-jit` is not used, since it keeps one compilation for a document and so runs the wrong one when a
 * document holds several operations, and since it words errors of variables in its own way. What the compiler is known
 * to get wrong is left to graphql-js; a test holds that both give the same answer.
 */

import type { DocumentNode, ExecutionArgs, ExecutionResult, GraphQLSchema, OperationDefinitionNode } from 'graphql'
import { GraphQLError, getOperationAST, getVariableValues, visit } from 'graphql'
import type { compileQuery } from 'graphql-jit'
import type { Plugin } from 'graphql-yoga'

type Compiler = typeof compileQuery
type Run = (args: ExecutionArgs) => Promise<ExecutionResult> | ExecutionResult

interface Known {
  operation: OperationDefinitionNode
  /** Null while it is executed by graphql-js: it has come only once, or can't be compiled. */
  run: Run | null
  isSeenBefore: boolean
}

/** `onCompilable` hears of every query that could be run by compiled code, and whether it is. */
export function useCompiledQueries(onCompilable: (isCompiled: boolean) => void = () => {}): Plugin {
  // As long as yoga keeps the parsed document, and no longer.
  const documents = new WeakMap<DocumentNode, Map<string, Known | null>>()
  let compiler: Compiler | null = null
  const load = async () => {
    try {
      compiler = (await import('graphql-jit')).compileQuery
    } catch {
      // An update of the package may have taken its file away from under the process: graphql-js answers as before.
    }
  }

  return {
    onExecute({ args, setExecuteFn }) {
      const { schema, document, operationName } = args
      const ofDocument = documents.get(document) ?? new Map<string, Known | null>()
      documents.set(document, ofDocument)
      let known = ofDocument.get(operationName ?? '')
      if (known === undefined) {
        known = canBeCompiled(document, operationName)
        ofDocument.set(operationName ?? '', known)
      }
      if (known === null) return
      // Compiling pays from the second time on, and loading the compiler must not delay the first answer.
      if (!known.isSeenBefore) {
        known.isSeenBefore = true
        return onCompilable(false)
      }
      if (known.run === null) {
        if (compiler === null) {
          void load()
          return onCompilable(false)
        }
        known.run = compile(compiler, schema, document, known.operation)
        if (known.run === null) return void ofDocument.set(operationName ?? '', null)
      }
      const { errors } = getVariableValues(schema, known.operation.variableDefinitions ?? [], args.variableValues ?? {})
      if (errors) return
      onCompilable(true)
      setExecuteFn(known.run)
    },
  }
}

function compile(
  compileQuery: Compiler,
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
): Run | null {
  const compiled = compileQuery(schema, document, operation.name?.value)
  if (!('query' in compiled)) return null
  return async ({ rootValue, contextValue, variableValues }) => {
    const result = await compiled.query(rootValue, contextValue, variableValues)
    if (!result.errors) return result
    return { errors: result.errors.map((error) => located(error, document)), data: result.data ?? null }
  }
}

/** The compiler's errors know lines and columns, but not the source that these are of. */
function located(error: GraphQLError, document: DocumentNode): GraphQLError {
  const source = document.loc?.source
  if (!source) return error
  const lines = source.body.split(/\r\n|\n|\r/g)
  const starts: number[] = []
  let offset = 0
  for (const line of lines) {
    starts.push(offset)
    offset += line.length
    offset += source.body.startsWith('\r\n', offset) ? 2 : 1
  }
  const positions = (error.locations ?? []).map(({ line, column }) => (starts[line - 1] ?? 0) + column - 1)
  return new GraphQLError(error.message, {
    source,
    positions,
    path: error.path ?? null,
    originalError: error.originalError ?? null,
    extensions: error.extensions ?? null,
  })
}

/**
 * Null where graphql-js is to execute: mutations (nothing to win), @skip and @include (the compiler writes their
 * conditions into the shared document), and aliases with an underscore (the compiler joins the names of a path with it,
 * so that `a_b { c }` and `a { b_c }` are one to it).
 */
function canBeCompiled(document: DocumentNode, operationName: string | null | undefined): Known | null {
  const operation = getOperationAST(document, operationName)
  if (operation?.operation !== 'query') return null
  let isFit = true
  visit(document, {
    Directive: () => {
      isFit = false
    },
    Field: ({ alias, name }) => {
      if (alias?.value.includes('_') || name.value === '__schema' || name.value === '__type') isFit = false
    },
  })
  return isFit ? { operation, run: null, isSeenBefore: false } : null
}
