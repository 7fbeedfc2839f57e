/** Files that start a browser or processes come first, however small: the last ones are short, and no core waits for another. */
import { BaseSequencer, type TestSpecification } from 'vitest/node'

const SLOW = /\/test\/(bench|dashboard|pattern)\//

export class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const isSlow = ({ moduleId }: TestSpecification) => SLOW.test(moduleId)
    return [...sorted.filter(isSlow), ...sorted.filter((file) => !isSlow(file))]
  }
}
