import type { X509Certificate } from 'node:crypto';

/** The fraction of a certificate's lifetime after which it is renewed, whatever its lifetime (90, 64, 45 or 6 days). */
export const defaultRenewAt = 2 / 3;

export interface Validity {
  readonly notBefore: Date;
  readonly notAfter: Date;
}

export function validityOf(certificate: X509Certificate): Validity {
  return { notBefore: new Date(certificate.validFrom), notAfter: new Date(certificate.validTo) };
}

/** How much of the lifetime is over: below 0 before it begins, above 1 after its end. */
export function lifetimeUsed({ notBefore, notAfter }: Validity, now: Date): number {
  const whole = notAfter.getTime() - notBefore.getTime();
  return whole <= 0 ? Number.POSITIVE_INFINITY : (now.getTime() - notBefore.getTime()) / whole;
}

/** From when on it is to be renewed. */
export function renewalDue({ notBefore, notAfter }: Validity, renewAt: number = defaultRenewAt): Date {
  return new Date(notBefore.getTime() + (notAfter.getTime() - notBefore.getTime()) * renewAt);
}

/** `2026-11-23 04:00 UTC` */
export function formatTime(date: Date): string {
  return `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/** The two greatest units of a time span: `3 d 4 h`, `1 h 6 min`, `40 s`. */
export function formatSpan(milliseconds: number): string {
  let left = Math.max(0, Math.ceil(milliseconds / 1000));
  const parts: string[] = [];
  for (const [unit, size] of [
    ['d', 86_400],
    ['h', 3600],
    ['min', 60],
    ['s', 1],
  ] as const) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count > 0 || (parts.length > 0 && parts.length < 2)) parts.push(`${count} ${unit}`);
  }
  return (
    parts
      .slice(0, 2)
      .filter((part) => !part.startsWith('0 '))
      .join(' ') || '0 s'
  );
}
