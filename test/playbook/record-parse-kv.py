#!/usr/bin/env python3
"""Records how ansible-core reads name=value texts: parse-kv.json. Run where ansible-core is installed:

    ./record-parse-kv.py > parse-kv.json
"""

import json
import random

from ansible.errors import AnsibleError
from ansible.parsing.splitter import parse_kv

WRITTEN = [
    "", " ", "name=nginx state=present", "msg=\"hello world\" x=1", "msg='it is \"here\"'",
    r'msg="say \"hi\""', r"a=b\=c", r"\=x", "=x", "a==b", "--opt=1", "a= b", "a =b", "echo it's fine",
    "path={{ root }}/{{ item.name | default(\"a b\") }} mode=0755", "a={{ b }} c", "{{ x }}", "a={{ b", "a=}} b",
    "{% if x %}a{% endif %} b=1", "{# a b #} c=1", "src=a\n  dest=b", "a=\"b\nc\" d=e", "echo a \\\n  b=c",
    "make creates=/x chdir='/opt/my app'", "creates=/x touch  /x", "creates= x", "a\tb=c", r"a=\n", r"a='\n'",
    r"a=\x41\u00e9", r"C:\temp=1", "a=b'c d'e", "a='b'c", "a=''", "a='", "'a b'=c", "a=[1, 2]", "a={b: c}",
    "set -e\nfor i in a  b; do\n  echo $i\ndone", "a=1 b | grep \"creates=/x\"", "x=1 x=2", "warn=no ls",
    "stdin='a b' cat stdin_add_newline=no", "executable=/bin/bash echo a=b", "a=b\n\nc=d\n", "\n\na=b", "a=\\", "\\",
    "é=ü", "a=\"\\\\\"", "a=\"b\\\" c=d", "url=https://example.com/?a=b&c=d", "a=b c= d=", "a='b' 'c' \"d e\"",
]

PARTS = ["a", "b", "=", "=", " ", " ", "  ", "\n", "'", '"', "\\", "\\n", "{{", "}}", "{%", "%}", "{#", "#}", "x=1",
         "creates=", "chdir=/t", "{{ a b }}", "'c d'", '"e f"', "\t"]


def texts():
    yield from WRITTEN
    source = random.Random(3)
    for _ in range(600):
        yield "".join(source.choice(PARTS) for _ in range(source.randint(1, 9)))


def answer(text, free_form):
    try:
        return parse_kv(text, check_raw=free_form)
    except AnsibleError:
        return None


print("[")
print(",\n".join(
    json.dumps([text, free_form, answer(text, free_form)])
    for text in dict.fromkeys(texts())
    for free_form in (False, True)
))
print("]")
