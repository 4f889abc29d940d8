import { spawn } from 'node:child_process';

/** Shows a text in $PAGER (or less) on a terminal, else writes it out. Nothing is masked: it was asked for. */
export async function page(content: Buffer): Promise<void> {
  const pager = process.env.PAGER?.trim() || 'less';
  if (!process.stdout.isTTY || !(await shownBy(pager, content))) process.stdout.write(content);
}

function shownBy(pager: string, content: Buffer): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn('sh', ['-c', pager], { stdio: ['pipe', 'inherit', 'inherit'] });
    child.stdin.on('error', () => undefined).end(content);
    child.on('error', () => resolve(false)).on('exit', (code) => resolve(code !== 127));
  });
}
