/** What a text allows of the ways to write it: yaml_emitter_analyze_scalar of libyaml 0.2.5, which PyYAML uses. */
export interface Analysis {
  readonly multiline: boolean;
  readonly flowPlain: boolean;
  readonly blockPlain: boolean;
  readonly singleQuoted: boolean;
  readonly block: boolean;
}

export const isBreak = (character: string | undefined): boolean =>
  character !== undefined && /[\r\n\x85\u2028\u2029]/.test(character);

/** Without what needs more than three bytes in UTF-8: libyaml escapes those. */
export const isPrintable = (character: string): boolean =>
  /^[\n\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd]$/u.test(character);

const blank = (character: string | undefined) =>
  character === undefined || character === ' ' || character === '\t' || isBreak(character);

export function analyze(characters: readonly string[]): Analysis {
  if (characters.length === 0)
    return { multiline: false, flowPlain: false, blockPlain: true, singleQuoted: true, block: false };
  const start = characters.slice(0, 3).join('');
  let blockIndicators = start === '---' || start === '...';
  let flowIndicators = blockIndicators;
  let special = false;
  let [breakSpace, spaceBreak, lines] = [false, false, false];
  let [previousSpace, previousBreak] = [false, false];
  characters.forEach((character, index) => {
    const followed = blank(characters[index + 1]);
    const preceded = index === 0 || blank(characters[index - 1]);
    if (index === 0) {
      if ('#,[]{}&*!|>\'"%@`'.includes(character)) flowIndicators = blockIndicators = true;
      if ('?:'.includes(character)) {
        flowIndicators = true;
        if (followed) blockIndicators = true;
      }
      if (character === '-' && followed) flowIndicators = blockIndicators = true;
    } else {
      if (',?[]{}:'.includes(character)) flowIndicators = true;
      if (character === ':' && followed) blockIndicators = true;
      if (character === '#' && preceded) flowIndicators = blockIndicators = true;
    }
    if (!isPrintable(character)) special = true;
    if (character === ' ') {
      if (previousBreak) breakSpace = true;
      [previousSpace, previousBreak] = [true, false];
    } else if (isBreak(character)) {
      lines = true;
      if (previousSpace) spaceBreak = true;
      [previousSpace, previousBreak] = [false, true];
    } else [previousSpace, previousBreak] = [false, false];
  });
  const [first, last] = [characters[0], characters.at(-1)];
  const edges = first === ' ' || isBreak(first) || last === ' ' || isBreak(last);
  const quoted = breakSpace || spaceBreak || special;
  const plain = !edges && !quoted && !lines;
  return {
    multiline: lines,
    flowPlain: plain && !flowIndicators,
    blockPlain: plain && !blockIndicators,
    singleQuoted: !quoted,
    block: last !== ' ' && !spaceBreak && !special,
  };
}
