import { useEffect, useState } from 'react'
import type { Drawing } from './drawing.ts'
import type { LayoutRequest } from './layout-worker.ts'

/** Where everything lies; until that is known, where it lay before, and null at first. */
export function useDrawing(request: LayoutRequest): Drawing | null {
  const [drawing, setDrawing] = useState<Drawing | null>(null)
  useEffect(() => {
    const worker = new Worker(new URL('./layout-worker.ts', import.meta.url), { type: 'module' })
    worker.addEventListener('message', ({ data }: MessageEvent<Drawing>) => {
      setDrawing(data)
      worker.terminate()
    })
    worker.postMessage(request)
    return () => worker.terminate()
  }, [request])
  return drawing
}
