/** Writes `client/generated` from the committed schema and the operations in `client/`. */
import type { CodegenConfig } from '@graphql-codegen/cli'

const config: CodegenConfig = {
  schema: 'schema.graphql',
  documents: 'client/*.graphql',
  generates: {
    'client/generated/graphql.ts': {
      plugins: ['typescript-operations', 'typed-document-node'],
      config: {
        // Plain text: whoever sends it needs no GraphQL library.
        documentMode: 'string',
        // A bundler leaves out the documents that are not asked for.
        pureMagicComment: true,
        enumsAsTypes: true,
        useTypeImports: true,
        strictScalars: true,
        scalars: { DateTime: 'string', SafeInt: 'number', ID: 'string' },
        // A fragment that is reached twice is sent once.
        dedupeFragments: true,
      },
    },
  },
}

export default config
