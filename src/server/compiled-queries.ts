/**
 * Compiles repeated queries with graphql-jit: executing the query of a tree of 2,000 traces then takes a fifth of the
 * time.
 *
 * `@envelop/graphql-jit` is not used: it keeps one compilation per document, so it runs the wrong one if a document
 * holds several operations, and it words errors in variables differently. Queries that the compiler is known to get
 * wrong are left to graphql-js; a test asserts that both give the same answers.
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

/** @param onCompilable called for every query that could be compiled, with whether compiled code ran it */
export function useCompiledQueries(onCompilable: (isCompiled: boolean) => void = () => {}): Plugin {
  // Entries live as long as yoga keeps the parsed document.
  const documents = new WeakMap<DocumentNode, Map<string, Known | null>>()
  let compiler: Compiler | null = null
  const load = async () => {
    try {
      compiler = (await import('graphql-jit')).compileQuery
    } catch {
      // An update of the package may have removed the file under the running process: graphql-js goes on answering.
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
      // Compiling pays off from the second time on, and loading the compiler must not delay the first answer.
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

/** Adds the source to the compiler's errors, which know only lines and columns. */
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
 * Null if graphql-js must execute the operation: mutations (nothing to gain), @skip and @include (the compiler writes
 * their conditions into the shared document), introspection, and aliases with an underscore (the compiler joins the
 * names of a path with it, and so confuses `a_b { c }` with `a { b_c }`).
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
