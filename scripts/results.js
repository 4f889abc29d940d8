import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

/** Tells vitest's results to the file FOOBAR_RESULTS: how many tests passed, and of each failure what failed and why. */
export default class Results {
  onTestRunEnd(modules, unhandled) {
    const failures = unhandled.map((error) => `not in a test: ${inShort(error)}`);
    let passed = 0;
    for (const module of modules) {
      const file = module.relativeModuleId;
      const add = (name, errors) => {
        failures.push(...errors.map((error) => [file, ...name, inShort(error)].join(' > ')));
      };
      add([], module.errors());
      for (const suite of module.children.allSuites()) add([suite.fullName], suite.errors());
      for (const test of module.children.allTests()) {
        const { state, errors = [] } = test.result();
        if (state === 'passed') passed += 1;
        if (state === 'failed') add([test.fullName], errors.slice(0, 1));
      }
    }
    writeFileSync(process.env.FOOBAR_RESULTS, JSON.stringify({ passed, failures }));
  }
}

/** The first line of a message, and behind it the lines that differ. */
function inShort({ message = '', diff = '' }) {
  const [first = ''] = stripVTControlCharacters(message).split('\n', 1);
  const differing = stripVTControlCharacters(diff ?? '')
    .split('\n')
    .filter((line) => /^[-+] /.test(line) && !/^[-+] (?:Expected|Received)$/.test(line))
    .slice(0, 8)
    .map((line) => line.slice(0, 200));
  return [first.slice(0, 300), ...differing].join('\n    ');
}

/** Prints how many tests passed and failed, suites that failed as a whole among them, and behind that why. */
export function printResults(folder, projects) {
  let passed = 0;
  const failures = [];
  for (const project of projects) {
    try {
      const told = JSON.parse(readFileSync(join(folder, project), 'utf8'));
      passed += told.passed;
      failures.push(...told.failures);
    } catch (error) {
      failures.push(`${project}: the tests came to no end: ${error.message}`);
    }
  }
  console.log(`${passed} passed, ${failures.length} failed`);
  for (const failure of failures) console.log(failure);
  return failures.length === 0;
}
