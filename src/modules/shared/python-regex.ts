export { expandMatch, pythonRegex } from '../../python-regex.ts';
