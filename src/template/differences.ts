/** Where templates deliberately do not do what ansible-core 2.19 does, for the documentation. */
export interface Difference {
  readonly what: string;
  readonly why: string;
  /** Recorded cases that show it; a test holds that they differ. */
  readonly cases: readonly string[];
}

export const differences: readonly Difference[] = [
  {
    what: '`do`, `break` and `continue` are always known',
    why: 'Ansible knows them with jinja2_extensions in ansible.cfg, which is not read',
    cases: [
      '{% do l.append(1) %}',
      '{% do 5 %}x',
      '{% for x in l %}{% break %}{% endfor %}',
      '{% for x in l %}{% if x == 1 %}{% continue %}{% endif %}{{ x }}{% endfor %}',
    ],
  },
  {
    what: 'a condition that a template makes of data is evaluated',
    why: 'only texts from outside (facts, registered results) are kept from being templates, not texts from texts',
    cases: ["{{ 'x' }}", '{% if n == 5 %}true{% endif %}'],
  },
  {
    what: 'bytes are texts',
    why: 'nothing that a playbook hands on can be bytes',
    cases: ["'abc'.encode()", "'abc'.encode('utf-8') | string", '(5).to_bytes(1)'],
  },
  {
    what: 'union, intersect, difference and symmetric_difference keep the order of the lists',
    why: "Python's sets have an order of their own, for texts another one in each run",
    cases: [
      '[3, 1, 2] | union([])',
      '[3, 1, 2] | intersect([1, 2, 3])',
      '[100, 3, 5, 64, 17] | union([1, 2])',
    ],
  },
  {
    what: 'list.count() counts in a variable too',
    why: "Ansible's list does not look at what it has not rendered yet",
    cases: ['l.count(1)'],
  },
  {
    what: 'dates in YAML are texts',
    why: 'they are written as they are, wherever they come from',
    cases: ["'2024-01-15' | from_yaml", "'2024-01-15 10:00:00' | from_yaml"],
  },
  {
    what: 'the last digit of a root or a power may differ',
    why: "JavaScript's mathematics are not those of C's library",
    cases: ['2.5 | root(3)'],
  },
  {
    what: 'to_yaml has no canonical form',
    why: 'nobody reads it',
    cases: ["{'a': [1, 2]} | to_yaml(canonical=true)", "{'a': [1, 2]} | to_nice_yaml(canonical=true)"],
  },
  {
    what: 'password_hash makes sha512 and sha256, not md5 and bcrypt',
    why: 'md5 is broken; bcrypt needs a library',
    cases: ["'secret' | password_hash('md5', 'saltsalt')"],
  },
  {
    what: 'ipaddr and its like are known by short names and as ansible.netcommon too',
    why: 'ansible.netcommon 8 no longer has them, but many playbooks still call them so',
    cases: [
      "'10.0.0.1' | ipaddr",
      "'10.0.0.1/24' | ipaddr('network')",
      "'10.0.0.1/24' | ansible.netcommon.ipaddr('network')",
    ],
  },
  {
    what: 'json_query: avg gives 2 where Python gives 2.0, and contains takes null for a text that is nowhere',
    why: 'JMESPath is that of a library, whose numbers are those of JSON',
    cases: [
      "[3, 1, 2] | community.general.json_query('avg(@)')",
      "['ab'] | community.general.json_query('[?contains(@, nope)]')",
    ],
  },
  {
    what: 'urlize and lipsum are refused by name',
    why: 'HTML and made-up text have no use on hosts',
    cases: ["'go to http://example.com/x now' | urlize"],
  },
  {
    what: "the lookup 'config' is refused by name",
    why: 'it asks for settings of Ansible',
    cases: ["lookup('config', 'DEFAULT_FORKS')"],
  },
];
