/** What a reading thread runs. */
import { parentPort, workerData } from 'node:worker_threads'
import { answerIn } from './crew.ts'

if (parentPort !== null && workerData instanceof Int32Array) answerIn(parentPort, workerData)
