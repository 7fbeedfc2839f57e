import { useEffect, useState } from 'react'
import type { Drawing } from './drawing.ts'
import type { LayoutRequest } from './layout-worker.ts'

interface Layout {
  /** The latest finished layout: the previous one while a new one is computed; null at first and after a failure. */
  drawing: Drawing | null
  failed: boolean
}

export function useDrawing(request: LayoutRequest): Layout {
  const [layout, setLayout] = useState<Layout>({ drawing: null, failed: false })
  useEffect(() => {
    const worker = new Worker(new URL('./layout-worker.ts', import.meta.url), { type: 'module' })
    worker.addEventListener('message', ({ data }: MessageEvent<Drawing>) => {
      setLayout({ drawing: data, failed: false })
      worker.terminate()
    })
    worker.addEventListener('error', () => setLayout({ drawing: null, failed: true }))
    worker.postMessage(request)
    return () => worker.terminate()
  }, [request])
  return layout
}
