/** Asks the user for the token when the server requires one. */
import { type FormEvent, type ReactNode, useEffect, useRef, useState } from 'react'
import { giveToken, useTokenRefused } from '../data/token.ts'
import { useWords } from '../words/index.tsx'

export function TokenGate({ children }: { children: ReactNode }) {
  return useTokenRefused() ? <TokenForm /> : children
}

function TokenForm() {
  const words = useWords()
  const [token, setToken] = useState('')
  const field = useRef<HTMLInputElement>(null)
  // The field is the only thing to use on this page.
  useEffect(() => field.current?.focus(), [])
  const submit = (event: FormEvent) => {
    event.preventDefault()
    giveToken(token.trim())
  }
  return (
    <main className="token-gate">
      <form className="card" onSubmit={submit}>
        <h1>{words.token.title}</h1>
        <p className="muted">{words.token.text}</p>
        <label>
          {words.token.label}
          <input
            ref={field}
            type="password"
            autoComplete="off"
            required
            value={token}
            onChange={(event) => setToken(event.target.value)}
          />
        </label>
        <button type="submit" className="button button-main">
          {words.token.give}
        </button>
      </form>
    </main>
  )
}
