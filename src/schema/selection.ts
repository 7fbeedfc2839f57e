/**
 * What a query asks for, read from its selection before the store is: so that prompts and tool calls are only read when
 * somebody wants them, and a nested tree is read at once.
 *
 * A field of `Trace` says in its definition which columns its resolver reads (`needs`, `column`).
 */
import {
  type FieldNode,
  type GraphQLField,
  GraphQLIncludeDirective,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLResolveInfo,
  GraphQLSkipDirective,
  getDirectiveValues,
  getNamedType,
  isAbstractType,
  isObjectType,
  Kind,
  type SelectionNode,
} from 'graphql'
import { pushTo } from '../group.ts'
import type { TracePlan } from '../resolvers/trace-plan.ts'
import type { SomeColumns, TraceColumn, TraceColumns, TraceRow } from '../store/store.ts'

// ---------------------------------------------------------------- what a field needs

/** What the resolver of a field of `Trace` takes from its row, and where the traces that it gives stand. */
class Needs {
  /** Columns of the row that the field belongs to. */
  readonly columns: readonly TraceColumn[]
  /** Columns of the rows around it in its tree, which the resolver looks up there when the tree has been read. */
  readonly ofRelatives: readonly TraceColumn[]
  /** Where the traces that the field gives stand in the row's own tree; null when it gives none or others. */
  readonly relation: 'above' | 'below' | null

  constructor(
    columns: readonly TraceColumn[],
    ofRelatives: readonly TraceColumn[] = [],
    relation: Needs['relation'] = null,
  ) {
    this.columns = columns
    this.ofRelatives = ofRelatives
    this.relation = relation
  }
}

interface NeedsOption {
  extensions: { needs: Needs }
}

/** A field that reads these columns of its trace. */
export function needs(...columns: TraceColumn[]): NeedsOption {
  return { extensions: { needs: new Needs(columns) } }
}

/** A field that reads these columns of its trace and of the traces above it. */
export function needsOfPath(...columns: TraceColumn[]): NeedsOption {
  return { extensions: { needs: new Needs(columns, columns) } }
}

/** A field that gives traces above (ancestors) or below (children, descendants) its own, and reads these columns. */
export function relatives(relation: 'above' | 'below', ...columns: TraceColumn[]): NeedsOption {
  return { extensions: { needs: new Needs(columns, [], relation) } }
}

/** A field that is a column of the row. */
export function column<C extends TraceColumn>(name: C): NeedsOption & { resolve: (row: TraceRow) => TraceColumns[C] } {
  return { ...needs(name), resolve: (row) => read(row, name) }
}

/** The value of a column that the plan has asked for. One that was not read is a mistake of the plan's, never null. */
export function read<C extends TraceColumn>(row: Pick<SomeColumns, C>, name: C): TraceColumns[C] {
  const value: TraceColumns[C] | undefined = row[name]
  if (value === undefined) throw new Error(`The column "${name}" was not read`)
  return value
}

// ---------------------------------------------------------------- the plan

type Nodes = readonly FieldNode[]
type Selections = Pick<GraphQLResolveInfo, 'schema' | 'fragments' | 'variableValues'>

/** Plans by the field's place in the query and the values of its variables: a list's items share them. */
const plans = new WeakMap<object, WeakMap<Nodes, TracePlan>>()

/** What the query wants of the traces that this field gives, directly or in a connection. */
export function planTraces(info: GraphQLResolveInfo): TracePlan {
  // One object for each execution, in graphql-js and when compiled.
  const ofRequest = plans.get(info.variableValues) ?? new WeakMap<Nodes, TracePlan>()
  plans.set(info.variableValues, ofRequest)
  const known = ofRequest.get(info.fieldNodes)
  if (known) return known
  const plan = new Draft()
  gather(info, getNamedType(info.returnType), info.fieldNodes, plan)
  ofRequest.set(info.fieldNodes, plan)
  return plan
}

class Draft implements TracePlan {
  readonly own = new Set<TraceColumn>()
  readonly tree = new Set<TraceColumn>()
  /** What is wanted of the traces above these. */
  readonly above = new Set<TraceColumn>()
  levels = 0
  hasTraces = false
}

/** Walks from a field to the traces below it (through connections, edges and the like) and notes what they need. */
function gather(query: Selections, type: GraphQLNamedType, nodes: Nodes, plan: Draft): void {
  const trace = query.schema.getType('Trace')
  if (type === trace || (isAbstractType(type) && isObjectType(trace) && query.schema.isSubType(type, trace))) {
    if (isObjectType(trace)) gatherTrace(query, trace, nodes, plan)
  } else if (isObjectType(type) && type.name !== 'Session') {
    for (const [name, inner] of selectedFields(query, type, nodes)) {
      const field = type.getFields()[name]
      if (field) gather(query, getNamedType(field.type), inner, plan)
    }
  }
}

function gatherTrace(query: Selections, trace: GraphQLObjectType, nodes: Nodes, plan: Draft): void {
  plan.hasTraces = true
  for (const [name, inner] of selectedFields(query, trace, nodes)) {
    const field = trace.getFields()[name]
    const wanted = field?.extensions.needs
    if (!field || !(wanted instanceof Needs)) continue
    add(wanted.columns, plan.own, plan.tree)
    add(wanted.ofRelatives, plan.above, plan.tree)
    if (wanted.relation === null) continue
    const others = new Draft()
    gather(query, getNamedType(field.type), inner, others)
    add(others.tree, plan.tree)
    if (wanted.relation === 'above') add(others.tree, plan.above)
    else {
      // This trace is above those: what they want of it is read with it.
      add(others.above, plan.above, plan.own, plan.tree)
      if (others.hasTraces) plan.levels = Math.max(plan.levels, 1 + others.levels)
    }
  }
}

function add(columns: Iterable<TraceColumn>, ...to: Set<TraceColumn>[]): void {
  for (const column of columns) for (const set of to) set.add(column)
}

/** Whether any of these paths of fields below this one is asked for, such as `edges.cursor`. */
export function asksFor(info: GraphQLResolveInfo, ...paths: string[]): boolean {
  return paths.some((path) => {
    let type: GraphQLNamedType = getNamedType(info.returnType)
    let nodes: Nodes = info.fieldNodes
    for (const name of path.split('.')) {
      if (!isObjectType(type)) return false
      const inner: Nodes | undefined = selectedFields(info, type, nodes).get(name)
      const field: GraphQLField<unknown, unknown> | undefined = type.getFields()[name]
      if (!inner || !field) return false
      nodes = inner
      type = getNamedType(field.type)
    }
    return true
  })
}

// ---------------------------------------------------------------- selections

/** The fields selected on an object, by name: aliases together, fragments opened, @skip and @include applied. */
function selectedFields(query: Selections, type: GraphQLObjectType, nodes: Nodes): Map<string, FieldNode[]> {
  const fields = new Map<string, FieldNode[]>()
  const visited = new Set<string>()
  const visit = (selections: readonly SelectionNode[]): void => {
    for (const selection of selections) {
      if (!isIncluded(query, selection)) continue
      if (selection.kind === Kind.FIELD) {
        pushTo(fields, selection.name.value, selection)
      } else if (selection.kind === Kind.INLINE_FRAGMENT) {
        if (applies(query, selection.typeCondition?.name.value, type)) visit(selection.selectionSet.selections)
      } else if (!visited.has(selection.name.value)) {
        visited.add(selection.name.value)
        const fragment = query.fragments[selection.name.value]
        if (fragment && applies(query, fragment.typeCondition.name.value, type)) {
          visit(fragment.selectionSet.selections)
        }
      }
    }
  }
  for (const node of nodes) visit(node.selectionSet?.selections ?? [])
  return fields
}

function isIncluded(query: Selections, node: SelectionNode): boolean {
  if (!node.directives?.length) return true
  if (getDirectiveValues(GraphQLSkipDirective, node, query.variableValues)?.if === true) return false
  return getDirectiveValues(GraphQLIncludeDirective, node, query.variableValues)?.if !== false
}

function applies(query: Selections, condition: string | undefined, type: GraphQLObjectType): boolean {
  if (condition === undefined || condition === type.name) return true
  const named = query.schema.getType(condition)
  return isAbstractType(named) && query.schema.isSubType(named, type)
}
