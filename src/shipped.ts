/** The folder that foobar is installed in; the same from src/ and from dist/. */
export const shipped = new URL('../', import.meta.url);
