/** Entry point of a reading thread. */
import { parentPort, workerData } from 'node:worker_threads'
import { answerIn } from './crew.ts'

if (parentPort !== null && workerData instanceof Int32Array) answerIn(parentPort, workerData)
