import { writeFileSync } from 'node:fs';
import { ProjectError } from '../errors.ts';

/** Writes a drawing. @throws ProjectError when the file cannot be written */
export function writePicture(path: string, picture: string): void {
  try {
    writeFileSync(path, picture);
  } catch (error) {
    const message = `the picture cannot be written: ${(error as Error).message}`;
    throw new ProjectError([{ message, severity: 'error' }]);
  }
}
