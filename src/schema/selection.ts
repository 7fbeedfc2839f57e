/**
 * Plans, from the selection of a query, which columns of which traces to read before anything is read: prompts and tool
 * calls are read only if selected, and a nested tree is read at once.
 *
 * The definition of each field of `Trace` states which columns its resolver reads (`needs`, `column`).
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

/** What the resolver of a field of `Trace` reads, and where in the tree the traces that it returns are. */
class Needs {
  /** Columns of the field's own trace. */
  readonly columns: readonly TraceColumn[]
  /** Columns of the trace's relatives, which the resolver finds in the linked tree if that has been read. */
  readonly ofRelatives: readonly TraceColumn[]
  /** Whether the field returns ancestors or descendants of its trace; null if it returns neither. */
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

/**
 * A field that reads these columns of its trace and returns traces above it (ancestors) or below it (children,
 * descendants).
 */
export function relatives(relation: 'above' | 'below', ...columns: TraceColumn[]): NeedsOption {
  return { extensions: { needs: new Needs(columns, [], relation) } }
}

/** A field whose value is a column of the row. */
export function column<C extends TraceColumn>(name: C): NeedsOption & { resolve: (row: TraceRow) => TraceColumns[C] } {
  return { ...needs(name), resolve: (row) => read(row, name) }
}

/** The value of a column that the plan includes. Throws if it was not read, which is a bug in the plan. */
export function read<C extends TraceColumn>(row: Pick<SomeColumns, C>, name: C): TraceColumns[C] {
  const value: TraceColumns[C] | undefined = row[name]
  if (value === undefined) throw new Error(`The column "${name}" was not read`)
  return value
}

// ---------------------------------------------------------------- the plan

type Nodes = readonly FieldNode[]
type Selections = Pick<GraphQLResolveInfo, 'schema' | 'fragments' | 'variableValues'>

/** Plans by the variable values of the request and the field's nodes in the query, so that list items share a plan. */
const plans = new WeakMap<object, WeakMap<Nodes, TracePlan>>()

/** What the query selects on the traces that this field returns, directly or in a connection. */
export function planTraces(info: GraphQLResolveInfo): TracePlan {
  // `variableValues` is one object per execution, both in graphql-js and in a compiled query.
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
  /** Columns wanted of the ancestors of these traces. */
  readonly above = new Set<TraceColumn>()
  levels = 0
  hasTraces = false
}

/** Walks from a field to the traces in its selection, through connections and edges, and adds their needs to `plan`. */
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
      // This trace is an ancestor of those, so the columns that they want of their ancestors are read with it.
      add(others.above, plan.above, plan.own, plan.tree)
      if (others.hasTraces) plan.levels = Math.max(plan.levels, 1 + others.levels)
    }
  }
}

function add(columns: Iterable<TraceColumn>, ...to: Set<TraceColumn>[]): void {
  for (const column of columns) for (const set of to) set.add(column)
}

/** Whether the query selects any of these field paths, such as `edges.cursor`, below this field. */
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

/** The fields selected on an object, by name: aliases merged, fragments expanded, @skip and @include applied. */
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
