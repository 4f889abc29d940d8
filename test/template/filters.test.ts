import { describe, expect, it } from 'vitest';
import { evaluate } from '../../src/template/render.ts';
import { Scope } from '../../src/template/scope.ts';

const scope = new Scope(
  [
    {
      origin: 'test',
      literal: true,
      values: {
        users: [
          { name: 'bob', groups: ['a', 'b'] },
          { name: 'al', groups: ['c'] },
        ],
        result: { rc: 0, changed: true, failed: false, stdout: 'x' },
      },
    },
  ],
  { searchDirectories: [], check: true },
);

/** What ansible.builtin's and ansible.utils' documentation leads one to expect; no Ansible was run to record them. */
const documented: [string, unknown][] = [
  ["'yes' | bool", true],
  ["'maybe' | bool", false],
  ["{'a': 0, 'b': 1} | combine({'b': 2, 'c': 3})", { a: 0, b: 2, c: 3 }],
  [
    "{'a': {'x': 'default', 'y': 'default'}, 'b': 'default'} | combine({'a': {'y': 'patch', 'z': 'patch'}}, recursive=true)",
    { a: { x: 'default', y: 'patch', z: 'patch' }, b: 'default' },
  ],
  ["{'a': ['default']} | combine({'a': ['patch']}, list_merge='append')", { a: ['default', 'patch'] }],
  [
    "{'a': [1, 1, 2, 3]} | combine({'a': [3, 4, 5, 5]}, list_merge='append_rp')",
    { a: [1, 1, 2, 3, 4, 5, 5] },
  ],
  ["{'a': 1} | dict2items", [{ key: 'a', value: 1 }]],
  ["{'a': 1} | dict2items(key_name='file', value_name='path')", [{ file: 'a', path: 1 }]],
  ["[{'key': 'a', 'value': 1}] | items2dict", { a: 1 }],
  ['[1, 2, 5, 1, 3, 4, 10] | unique', [1, 2, 5, 3, 4, 10]],
  ['[1, 2, 5, 1] | union([3, 2])', [1, 2, 5, 3]],
  ['[1, 2, 5] | intersect([5, 1])', [1, 5]],
  ['[1, 2, 5] | difference([5])', [1, 2]],
  ['[1, 2] | symmetric_difference([2, 3])', [1, 3]],
  ['[3, [4, 2]] | flatten', [3, 4, 2]],
  ['[3, [4, [2]]] | flatten(levels=1)', [3, 4, [2]]],
  [
    '[1, 2] | zip(["a", "b", "c"])',
    [
      [1, 'a'],
      [2, 'b'],
    ],
  ],
  [
    '[1, 2] | zip_longest([3], fillvalue="X")',
    [
      [1, 3],
      [2, 'X'],
    ],
  ],
  [
    '[1, 2] | product([3])',
    [
      [1, 3],
      [2, 3],
    ],
  ],
  ['[0, 2] | map("extract", ["x", "y", "z"])', ['x', 'z']],
  ["users | subelements('groups') | map('last')", ['a', 'b', 'c']],
  ["users | groupby('name') | map('first')", ['al', 'bob']],
  ["'ansible' | regex_search('bib')", null],
  ["'foo123' | regex_search('[0-9]+')", '123'],
  ["'server1/database42' | regex_search('server([0-9]+)/database([0-9]+)', '\\\\1', '\\\\2')", ['1', '42']],
  ["'server1/database42' | regex_search('server(?P<s>[0-9]+)', '\\\\g<s>')", ['1']],
  [
    "'CAR\\ntar\\nfoo\\nbar' | regex_findall('^.ar$', multiline=True, ignorecase=True)",
    ['CAR', 'tar', 'bar'],
  ],
  ["'localhost:80, [::1]:22' | regex_findall('(\\\\w+):(\\\\d+)')", [['localhost', '80']]],
  ["'ansible' | regex_replace('^a.*i(.*)$', 'a\\\\1')", 'able'],
  [
    "'localhost:80' | regex_replace('^(?P<host>.+):(?P<port>\\\\d+)$', '\\\\g<host>, \\\\g<port>')",
    'localhost, 80',
  ],
  ["'aaa' | regex_replace('a', 'b', count=2)", 'bba'],
  ["'^f.*o(.*)$' | regex_escape()", '\\^f\\.\\*o\\(\\.\\*\\)\\$'],
  ["'/etc/asdf/foo.txt' | basename", 'foo.txt'],
  ["'/etc/asdf/foo.txt' | dirname", '/etc/asdf'],
  ["'nginx.conf' | splitext", ['nginx', '.conf']],
  ["('/etc', 'path', 'x.yml') | path_join", '/etc/path/x.yml'],
  ["'http://user:secret@www.acme.com:9000/dir/index.html?q=x#f' | urlsplit('hostname')", 'www.acme.com'],
  ["'http://user:secret@www.acme.com:9000/dir/index.html?q=x#f' | urlsplit('port')", 9000],
  ["'http://user:secret@www.acme.com:9000/' | urlsplit('netloc')", 'user:secret@www.acme.com:9000'],
  ["'test1' | hash('sha1')", 'b444ac06613fc8d63795be9ad0beaf55011936ac'],
  ["'test2' | checksum", '109f4b3c50d7b0df729d299bc6f8e9ef9066971f'],
  ["'foo' | b64encode", 'Zm9v'],
  ["'Zm9v' | b64decode", 'foo'],
  ["true | ternary('y', 'n')", 'y'],
  ["none | ternary('y', 'n', 'o')", 'o'],
  ['1 | ternary(2, undefined_name)', 2],
  ["'a b' | quote", "'a b'"],
  ["'plain' | quote", 'plain'],
  ["'1.5G' | human_to_bytes", 1610612736],
  ["'10' | human_to_bytes('M')", 10485760],
  ['10000 | human_readable', '9.77 KB'],
  ['8 | log(2)', 3],
  ['27 | root(3) | round', 3],
  ["'a,b,c' | split(',')", ['a', 'b', 'c']],
  ["'/foo' | comment", '#\n# /foo\n#'],
  ["'a\\n\\nb' | comment('cblock')", '/*\n *\n * a\n *\n * b\n *\n */'],
  ["{'b': [1, 'é'], 'a': none} | to_json", '{"b": [1, "\\u00e9"], "a": null}'],
  ["{'b': [], 'a': {}} | to_nice_json", '{\n    "a": {},\n    "b": []\n}'],
  ['\'{"a": [1]}\' | from_json', { a: [1] }],
  ["{'b': 'yes', 'a': [1, {'c': none}]} | to_nice_yaml(indent=2)", "a:\n- 1\n- c: null\nb: 'yes'\n"],
  ["'a: [1, yes]' | from_yaml", { a: [1, true] }],
  ['1441357287 | type_debug', 'int'],
  ["'%Y-%m-%d %H:%M:%S' | strftime(1441357287, utc=true)", '2015-09-04 09:01:27'],
  ["('2016-08-14 20:00:12' | to_datetime - '2016-08-14 18:00:00' | to_datetime).total_seconds()", 7212],
  ["'192.0.2.1/24' | ipaddr('address')", '192.0.2.1'],
  ["'192.168.32.0/24' | ipaddr('1')", '192.168.32.1/24'],
  ["'192.168.32.0/24' | ansible.utils.ipaddr(-1)", '192.168.32.255/24'],
  ["'192.0.2.1/24' | ipaddr('netmask')", '255.255.255.0'],
  ["'192.0.2.77/24' | ipaddr('network/prefix')", '192.0.2.0/24'],
  ["'192.0.2.1/24' | ipaddr('broadcast')", '192.0.2.255'],
  [
    "['192.24.2.1', 'host.fqdn', '::1', '', '192.168.32.0/24'] | ipaddr",
    ['192.24.2.1', '::1', '192.168.32.0/24'],
  ],
  ["['192.24.2.1', '::1'] | ipv6", ['::1']],
  ["'not an address' | ipaddr", false],
  ["'10.1.2.3' | ipaddr('10.0.0.0/8')", '10.1.2.3'],
  ["'11.1.2.3' | ipaddr('10.0.0.0/8')", null],
  ["'2001:db8::1' | ipwrap", '[2001:db8::1]'],
  ["'2001:db8::/32' | ipwrap", '[2001:db8::]/32'],
  ["'10.0.0.1' | ipwrap", '10.0.0.1'],
  ["'fd00::12' | ipaddr('private')", 'fd00::12'],
  ["'192.0.2.5' | ipaddr('revdns')", '5.2.0.192.in-addr.arpa.'],
  ["59 | random(seed='web1') == 59 | random(seed='web1')", true],
  ["['a', 'b', 'c'] | shuffle(seed='x') | sort", ['a', 'b', 'c']],
  ["[4, 2] | map('pow', 2)", [16, 4]],
  ["['a'] | map('regex_replace', '^', 'x')", ['xa']],
  ["'bar' is match('ar')", false],
  ["'bar' is search('ar')", true],
  ["'BAR' is regex('ba', ignorecase=true)", true],
  ["'18.04' is version('16.04', '>=')", true],
  ["'9.7.4' is version('10', '<')", true],
  ["'1.10' is version('1.9', 'gt')", true],
  ['result is succeeded and result is changed and result is not failed', true],
  ['result is skipped', false],
  ['[1, 2] is subset([1, 2, 3])', true],
  ['[1, 2] is superset([3])', false],
  ['[1, 2] is contains(2)', true],
  ["[true, 1] is all and [0, ''] is not any", true],
  ["'on' is truthy(convert_bool=true)", true],
];

describe('filters and tests', () => {
  it.each(documented)('%s', (expression, expected) => {
    expect(evaluate(expression, scope)).toEqual(expected);
  });

  it('prints numbers, texts and lists alike inside text', () => {
    expect(evaluate("'a' ~ 1 ~ [1, 'x', true, none]", scope)).toBe("a1[1, 'x', True, None]");
  });
});
