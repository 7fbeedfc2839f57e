/** What a reading thread runs. */
import { parentPort } from 'node:worker_threads'
import { answerIn } from './crew.ts'

if (parentPort !== null) answerIn(parentPort)
