import { z } from 'zod';
import { ansibleBoolean, ansibleList, hostPath, integer, text, withAliases } from './params.ts';

const ages = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 } as const;
const sizes = { b: 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4 } as const;

/** A number with a unit, in the smallest unit: `2d`, `-1h`, `10m`. */
function measured(units: Record<string, number>, error: string) {
  return text.transform((value, context) => {
    const [, number, unit = ''] = /^(-?\d+)([a-z]?)$/.exec(value.toLowerCase()) ?? [];
    const factor = unit === '' ? 1 : units[unit];
    if (number !== undefined && factor !== undefined) return Number(number) * factor;
    context.addIssue(error);
    return z.NEVER;
  });
}

export const findParams = withAliases(
  z.strictObject({
    paths: z
      .preprocess(
        (value) => (typeof value === 'string' ? value.split(',').map((path) => path.trim()) : value),
        z.array(hostPath).min(1),
      )
      .describe('Directories of the host to look into.')
      .meta({ aliases: ['name', 'path'] }),
    patterns: ansibleList
      .default([])
      .describe(
        'Names to take: shell patterns, or with use_regex expressions that match from the start. Default: all.',
      )
      .meta({ aliases: ['pattern'] }),
    excludes: ansibleList
      .optional()
      .describe('Names to leave out, written as patterns are.')
      .meta({ aliases: ['exclude'] }),
    use_regex: ansibleBoolean
      .default(false)
      .describe("Read patterns and excludes as regular expressions in Python's syntax."),
    contains: text
      .optional()
      .describe('Take files in which a line begins with what this regular expression matches.'),
    read_whole_file: ansibleBoolean
      .default(false)
      .describe('Look for contains anywhere in the whole file in place of line by line.'),
    encoding: z
      .preprocess(
        (value) => (typeof value === 'string' ? value.toLowerCase() : value),
        z.enum(['utf-8', 'utf8']),
      )
      .optional()
      .describe('Encoding of the files that contains looks into; there is UTF-8 only.'),
    file_type: z
      .enum(['any', 'directory', 'file', 'link'])
      .default('file')
      .describe('The kind of files to take.'),
    age: measured(ages, 'expected an age such as 2d, -1h or 300 (seconds)')
      .optional()
      .describe('Take what is at least this old, or with a minus at most: a number with s, m, h, d or w.'),
    age_stamp: z
      .enum(['atime', 'ctime', 'mtime'])
      .default('mtime')
      .describe('Which time the age is counted from.'),
    size: measured(sizes, 'expected a size such as 10m, -1k or 300 (bytes)')
      .optional()
      .describe(
        'Take files that are at least this big, or with a minus at most: a number with b, k, m, g or t.',
      ),
    mode: z
      .string({ error: "expected a mode in quotes such as '0644', or symbolic" })
      .optional()
      .describe('Take what has these permissions, octal or symbolic.'),
    exact_mode: ansibleBoolean.default(true).describe('With no, any of the bits of mode is enough.'),
    recurse: ansibleBoolean.default(false).describe('Look into directories in the directories too.'),
    depth: integer.optional().describe('How many levels to go down with recurse. Default: all.'),
    hidden: ansibleBoolean.default(false).describe('Take names that begin with a dot too.'),
    follow: ansibleBoolean.default(false).describe('Look into directories that symbolic links point to.'),
    get_checksum: ansibleBoolean.default(false).describe('Return the checksum of regular files.'),
    checksum_algorithm: z
      .enum(['md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512'])
      .default('sha1')
      .describe('How the checksum is made.')
      .meta({ aliases: ['checksum', 'checksum_algo'] }),
    limit: integer
      .refine((limit) => limit > 0, { error: 'must be 1 or more' })
      .optional()
      .describe('Stop after this many matches.'),
  }),
);
