/** Runs test files that start browsers or processes first: with short ones at the end, no core is idle for long. */
import { BaseSequencer, type TestSpecification } from 'vitest/node'

const SLOW = /\/test\/(bench|dashboard|pattern)\//

export class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const isSlow = ({ moduleId }: TestSpecification) => SLOW.test(moduleId)
    return [...sorted.filter(isSlow), ...sorted.filter((file) => !isSlow(file))]
  }
}
