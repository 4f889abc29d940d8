#!/usr/bin/env python3
"""
Records what ansible-core 2.19 itself makes of the templates in corpus/, for test/template/recorded.test.ts.

    sh test/template/record/record.sh HOST INVENTORY

does it on a lab host that has ansible-core 2.19 and python3-passlib: it copies this folder there, runs

    python3 record.py corpus out

and copies out/*.json to test/template/recorded/.

A corpus file is lines of text, one case a line, under a first line `kind: KIND`:

  expression   the line between {{ and }}, as the value of a task's argument
  template     the line as the value of a task's argument; \\n in it is a line break
  condition    the line as a `when`
  file         cases are separated by lines of ----; each is a template file, rendered as the template module does.
               A case may begin with `options: {json}`: parameters of the module.

`!each NAME = a ;; b` makes each later line with @NAME one case for each value. `!off NAME` ends that.
Lines that begin with # are comments. Variables stand in variables.yaml, files for includes in files/.
"""
import datetime
import itertools
import json
import math
import os
import pathlib
import sys
import time

os.environ['ANSIBLE_NOCOLOR'] = '1'
os.environ['ANSIBLE_DEPRECATION_WARNINGS'] = '0'
os.environ['ANSIBLE_LOG_PATH'] = ''
os.environ['TZ'] = 'UTC'
os.environ['RECORDED'] = 'from the environment'
time.tzset()

from ansible.errors import AnsibleError, AnsibleUndefinedVariable  # noqa: E402
from ansible.parsing.dataloader import DataLoader  # noqa: E402
from ansible.template import Templar, trust_as_template  # noqa: E402
from ansible._internal._templating._engine import TemplateEngine, TemplateOptions  # noqa: E402
from ansible._internal._templating._jinja_bits import TemplateOverrides  # noqa: E402
from ansible.errors import AnsibleTemplateSyntaxError, AnsibleValueOmittedError  # noqa: E402
from ansible.plugins.loader import init_plugin_loader  # noqa: E402
import yaml  # noqa: E402

init_plugin_loader()
HERE = pathlib.Path(__file__).resolve().parent


def trusted(value):
    if isinstance(value, str):
        return trust_as_template(value)
    if isinstance(value, dict):
        return {key: trusted(item) for key, item in value.items()}
    if isinstance(value, list):
        return [trusted(item) for item in value]
    return value


def typed(value):
    """JSON with what JSON does not tell apart: 2.0 and 2, keys that are no texts, dates."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int):
        return int(value) if abs(value) < 2**53 else {'$int': str(int(value))}
    if isinstance(value, float):
        if math.isfinite(value) and not value.is_integer():
            return float(value)
        return {'$float': repr(float(value))}
    if isinstance(value, datetime.datetime):
        return {'$datetime': value.isoformat()}
    if isinstance(value, dict):
        if all(isinstance(key, str) for key in value) and not any(key.startswith('$') for key in value):
            if not any(key.isdigit() for key in value):
                return {str(key): typed(item) for key, item in value.items()}
        return {'$dict': [[typed(key), typed(item)] for key, item in value.items()]}
    if isinstance(value, (list, tuple)):
        return [typed(item) for item in value]
    return {'$other': type(value).__name__}


def failure(error):
    chain = []
    current = error
    while current is not None:
        text = str(current).replace(str(HERE), '.')
        if text and text not in chain:
            chain.append(text)
        current = current.__cause__
    kind = 'error'
    if isinstance(error, AnsibleUndefinedVariable):
        kind = 'undefined'
    elif isinstance(error, AnsibleTemplateSyntaxError):
        kind = 'syntax'
    elif isinstance(error, AnsibleValueOmittedError):
        kind = 'omit'
    return {'fails': kind, 'says': ' '.join(chain)[:240]}


def lines(path):
    kind, *rest = path.read_text().split('\n')
    kind = kind.removeprefix('kind: ').strip()
    if kind == 'file':
        return kind, '\n'.join(rest).split('----\n')
    each = {}
    cases = []
    for line in rest:
        if line.startswith('!each '):
            name, _, values = line[6:].partition(' = ')
            each[name.strip()] = values.split(' ;; ')
        elif line.startswith('!off '):
            each.pop(line[5:].strip())
        elif line.strip() and not line.startswith('#'):
            used = [name for name in each if f'@{name}' in line]
            for values in itertools.product(*(each[name] for name in used)):
                case = line
                for name, value in zip(used, values):
                    case = case.replace(f'@{name}', value)
                cases.append(case)
    return kind, cases


def answer(kind, text, variables, loader):
    engine = TemplateEngine(loader=loader, variables=trusted(variables))
    if kind == 'condition':
        return engine.evaluate_conditional(trust_as_template(text))
    if kind == 'file':
        return render_file(text, variables, loader)
    source = '{{ ' + text + ' }}' if kind == 'expression' else text.replace('\\n', '\n')
    return engine.template(trust_as_template(source))


def render_file(text, variables, loader):
    """As plugins/action/template.py does."""
    options = {}
    if text.startswith('options: '):
        head, _, text = text.partition('\n')
        options = json.loads(head.removeprefix('options: '))
    templar = Templar(loader=loader, variables=trusted(variables)).copy_with_new_env(
        searchpath=[str(HERE / 'files')], available_variables=trusted(variables)
    )
    overrides = TemplateOverrides.DEFAULT.merge(options)
    result = templar._engine.template(
        trust_as_template(text), options=TemplateOptions(escape_backslashes=False, overrides=overrides)
    )
    return '' if result is None else str(result)


def main(corpus, out):
    variables = yaml.safe_load((HERE / 'variables.yaml').read_text())
    loader = DataLoader()
    loader.set_basedir(str(HERE / 'files'))
    os.chdir(HERE / 'files')
    out = pathlib.Path(out)
    out.mkdir(exist_ok=True)
    for path in sorted(pathlib.Path(corpus).glob('*.txt')):
        kind, cases = lines(path)
        recorded = []
        for case in dict.fromkeys(cases):
            try:
                result = {'gives': typed(answer(kind, case, variables, loader))}
            except Exception as error:
                result = failure(error)
            recorded.append({'text': case, **result})
        rows = ',\n'.join(json.dumps(each, ensure_ascii=False) for each in recorded)
        (out / f'{path.stem}.json').write_text(f'{{"kind": "{kind}", "cases": [\n{rows}\n]}}\n')
        fails = sum('fails' in each for each in recorded)
        print(f'{path.stem}: {len(recorded)} cases, {fails} of them failures', file=sys.stderr)


main(pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve())
