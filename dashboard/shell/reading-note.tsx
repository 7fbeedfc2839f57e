import { IngestDocument } from 'delegraph/client'
import { useAnswer } from '../data/use-answer.ts'
import { useWords } from '../words/index.tsx'

/** Says when what is shown are the bundled recordings. */
export function ReadingNote() {
  const words = useWords()
  const ingest = useAnswer(IngestDocument, {}).data?.ingest
  return ingest?.demo ? (
    <p className="note" role="status">
      {words.demo}
    </p>
  ) : null
}
