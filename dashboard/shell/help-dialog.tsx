import { useEffect, useRef } from 'react'
import { useWords } from '../words/index.tsx'

export function HelpDialog({ onClose }: { onClose: () => void }) {
  const words = useWords()
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => dialog.current?.showModal(), [])
  return (
    <dialog ref={dialog} className="dialog" aria-labelledby="help-title" onClose={onClose}>
      <h2 id="help-title">{words.keys.title}</h2>
      <table className="table keys">
        <tbody>
          {words.keys.rows.map(([keys = '', what]) => (
            <tr key={keys}>
              <th scope="row">
                {keys.split(' ').map((key) => (
                  <kbd key={key}>{key}</kbd>
                ))}
              </th>
              <td>{what}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <form method="dialog" className="dialog-buttons">
        <button type="submit" className="button button-main">
          {words.close}
        </button>
      </form>
    </dialog>
  )
}
