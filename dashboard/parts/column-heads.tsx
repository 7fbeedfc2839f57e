interface Props {
  /** Of columns with words; null where there is nothing to name. */
  texts: readonly (string | null)[]
  /** Of columns with figures, which stand at the right. */
  figures: readonly string[]
  /** One more column, without a name: a bar, or a link. */
  more?: boolean
}

/** The heads of a table's columns. */
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
