/** How a template is written: what stands around its tags, and what happens to the space about them. */
export interface SyntaxOptions {
  readonly block_start_string: string;
  readonly block_end_string: string;
  readonly variable_start_string: string;
  readonly variable_end_string: string;
  readonly comment_start_string: string;
  readonly comment_end_string: string;
  readonly line_statement_prefix: string | null;
  readonly line_comment_prefix: string | null;
  /** The first newline after a tag goes; Ansible's default is true. */
  readonly trim_blocks: boolean;
  /** Space before a tag at the start of a line goes. */
  readonly lstrip_blocks: boolean;
  readonly newline_sequence: string;
  readonly keep_trailing_newline: boolean;
  /** Backslashes in the texts of `{{ }}` stand for themselves, as in values of playbooks. */
  readonly escapeBackslashes?: boolean;
}

export const ansibleSyntax: SyntaxOptions = {
  block_start_string: '{%',
  block_end_string: '%}',
  variable_start_string: '{{',
  variable_end_string: '}}',
  comment_start_string: '{#',
  comment_end_string: '#}',
  line_statement_prefix: null,
  line_comment_prefix: null,
  trim_blocks: true,
  lstrip_blocks: false,
  newline_sequence: '\n',
  keep_trailing_newline: false,
};
