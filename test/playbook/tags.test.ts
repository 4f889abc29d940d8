import { describe, expect, it } from 'vitest';
import { isSelected } from '../../src/playbook/tags.ts';

/** Columns: tags of the task, --tags, --skip-tags, whether it runs. From Ansible's documentation of tags. */
describe('tags', () => {
  it.each([
    [[], ['all'], [], true],
    [['a'], ['all'], [], true],
    [[], ['a'], [], false],
    [['a'], ['a'], [], true],
    [['a', 'b'], ['b', 'c'], [], true],
    [['b'], ['a'], [], false],
    [['always'], ['a'], [], true],
    [['always'], ['all'], ['always'], false],
    [['always', 'a'], ['all'], ['a'], false],
    [['never'], ['all'], [], false],
    [['never', 'debug'], ['all'], [], false],
    [['never', 'debug'], ['debug'], [], true],
    [['never'], ['never'], [], true],
    [['never', 'a'], ['tagged'], [], false],
    [['a'], ['tagged'], [], true],
    [[], ['tagged'], [], false],
    [[], ['untagged'], [], true],
    [['a'], ['untagged'], [], false],
    [['a'], ['all'], ['a'], false],
    [['a'], ['a'], ['a'], false],
    [['a'], ['all'], ['tagged'], false],
    [[], ['all'], ['tagged'], true],
    [[], ['all'], ['untagged'], false],
    [['a'], ['all'], ['all'], false],
    [['always'], ['all'], ['all'], true],
  ])('%j --tags %j --skip-tags %j: %s', (tags, only, skip, run) =>
    expect(isSelected(tags, only, skip)).toBe(run),
  );
});
