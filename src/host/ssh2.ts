/** The library that speaks SSH, for the few files that deal with it. */
export { default } from 'ssh2';
