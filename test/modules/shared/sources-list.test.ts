import { describe, expect, it } from 'vitest';
import {
  parseSources,
  repositoryOf,
  sourcesText,
  suggestedFile,
  withoutRepository,
  withRepository,
} from '../../../src/modules/shared/sources-list.ts';

const repo = 'deb http://a.example/debian x main';

describe('sources', () => {
  it.each([
    ['deb   http://b.example/d  y main   # note\n', 'deb http://b.example/d y main # note\n'],
    ['#deb http://a.example/debian x main\n', '# deb http://a.example/debian x main\n'],
    ['## odd   comment\n', '# # odd   comment\n'],
    ['\n', '\n'],
  ])('%j is written as %j', (text, wanted) => {
    expect(sourcesText(parseSources(text))).toBe(wanted);
  });

  it.each([
    ['deb http://user:pw@example.com/debian trixie main', 'example_com_debian'],
    ['deb [arch=amd64 trusted=yes] https://198.18.255.1:3180/debian trixie main', '198_18_255_1_3180_debian'],
    ['deb-src file:/srv/x ./', 'file_srv_x'],
  ])('%s goes to %s', (line, name) => {
    expect(suggestedFile(line)).toBe(name);
  });

  it('enables a repository where it was commented out, and adds it elsewhere', () => {
    const files = new Map([['f', parseSources(`#${repo}\n`)]]);
    expect(sourcesText(withRepository(files, repo, 'g').get('f')!)).toBe(`${repo}\n`);
    const added = withRepository(new Map(), repositoryOf(`${repo}  # c`), 'g');
    expect(sourcesText(added.get('g')!)).toBe(`${repo}\n`);
  });

  it('removes what is enabled only', () => {
    const files = new Map([['f', parseSources(`#${repo}\n${repo}\n${repo}\n`)]]);
    expect(sourcesText(withoutRepository(files, repo).get('f')!)).toBe(`# ${repo}\n`);
  });

  it('refuses what is no repository', () => {
    for (const bad of ['nonsense', `# ${repo}`])
      expect(() => repositoryOf(bad)).toThrow('Invalid repository');
  });
});
