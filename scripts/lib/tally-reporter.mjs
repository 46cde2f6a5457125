// A vitest reporter that counts, and keeps the reasons of what was skipped.
import { writeFileSync } from 'node:fs';

const nameOf = (test) => `${test.module.relativeModuleId} > ${test.fullName}`;

export default class TallyReporter {
  #tally = { passed: 0, failed: 0, skipped: [] };
  #file = process.env.CLUSTER_AI_TALLY_FILE;

  onTestCaseResult(test) {
    const { state, note } = test.result();
    if (state === 'passed') this.#tally.passed++;
    if (state === 'failed') this.#tally.failed++;
    if (state === 'skipped') this.#tally.skipped.push({ name: nameOf(test), reason: note ?? '' });
  }

  // A file that cannot be loaded has no test cases, and an error outside of every test belongs to none: each counts as one failure.
  onTestRunEnd(modules, unhandledErrors) {
    const broken = modules.filter((module) => module.errors().length > 0).length;
    this.#tally.failed += broken + unhandledErrors.length;
    writeFileSync(this.#file, JSON.stringify(this.#tally));
  }
}
