interface Props {
  /** Headings of text columns; null for a column without one. */
  texts: readonly (string | null)[]
  /** Headings of numeric columns, which are right-aligned. */
  figures: readonly string[]
  /** Adds a last column without a heading, for a bar or a link. */
  more?: boolean
}

/** The header row of a table. */
export function ColumnHeads({ texts, figures, more = false }: Props) {
  return (
    <thead>
      <tr>
        {texts.map((name) =>
          name === null ? (
            <td key="nameless" />
          ) : (
            <th key={name} scope="col">
              {name}
            </th>
          ),
        )}
        {figures.map((name) => (
          <th key={name} scope="col" className="number">
            {name}
          </th>
        ))}
        {more ? <td /> : null}
      </tr>
    </thead>
  )
}
