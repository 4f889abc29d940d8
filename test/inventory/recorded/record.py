#!/usr/bin/python3
"""Prints as JSON what ansible-core answers to the questions in cases.yaml, which is read from standard input.

    foobar lab exec HOST -- python3 -c "$(cat record.py)" <cases.yaml >answers.json

HOST is a host with ansible-core 2.19 (lab/twin.sh makes one). Uses Ansible's own inventory and variable managers.
"""
import json
import os
import shutil
import sys
import tempfile

os.environ['ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED'] = 'true'
os.environ['ANSIBLE_DEPRECATION_WARNINGS'] = 'false'
os.environ['FROM_ENVIRONMENT'] = 'inventory'

import yaml
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.inventory import BaseInventoryPlugin
from ansible.plugins.inventory.ini import InventoryModule as Ini
from ansible.plugins.loader import init_plugin_loader
from ansible.plugins.vars import host_group_vars
from ansible._internal._datatag._tags import Origin
from ansible.release import __version__
from ansible.utils.shlex import shlex_split
from ansible.vars.manager import VariableManager

init_plugin_loader()

# Variables of every host that are Ansible's own, or of the machine that records.
MAGIC = set('''ansible_check_mode ansible_config_file ansible_diff_mode ansible_facts ansible_forks ansible_playbook_python
    ansible_python_interpreter ansible_run_tags ansible_skip_tags ansible_verbosity ansible_version ansible_inventory_sources
    ansible_limit groups omit playbook_dir inventory_hostname inventory_hostname_short'''.split())


def write(root, case):
    for name, text in case['files'].items():
        path = os.path.join(root, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'w') as file:
            file.write(text or '')
    for name in case.get('executable', []):
        os.chmod(os.path.join(root, name), 0o755)
    for name, target in case.get('links', {}).items():
        os.symlink(target, os.path.join(root, name))


def plain(value):
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, str):
        return str.__str__(value).replace(os.getcwd(), 'ROOT')
    return value


def attempt(work):
    try:
        return {'value': plain(work())}
    except Exception as error:
        return {'error': str(error).split('\n')[0].replace(os.getcwd(), 'ROOT')}


def manager_of(case):
    loader = DataLoader()
    loader.set_basedir(os.path.join(os.getcwd(), case.get('playbooks', 'playbooks')))
    host_group_vars.FOUND.clear()
    host_group_vars.NAK.clear()
    sources = [each if ',' in each and not os.path.exists(each) else os.path.join(os.getcwd(), each) for each in case['sources']]
    return loader, InventoryManager(loader=loader, sources=sources)


def inventory_of(case):
    loader, manager = manager_of(case)
    for change in case.get('grow', []):
        if 'host' in change:
            manager.add_dynamic_host({'host_name': change['host'], 'groups': change.get('groups', []), 'host_vars': change.get('variables', {})}, {})
        else:
            manager.add_dynamic_group(manager.get_host(change['of']), {'add_group': change['group'], 'parent_groups': change.get('parents', ['all'])})
    if case.get('refresh'):
        manager.refresh_inventory()
    variables = VariableManager(loader=loader, inventory=manager)
    asked = list(manager.hosts.values())
    if 'localhost' not in manager.hosts and case.get('localhost'):
        asked.append(manager.get_host('localhost'))
    return {
        'groups': {name: hosts for name, hosts in manager.get_groups_dict().items()},
        'hosts': list(manager.hosts),
        'variables': {
            host.name: {key: value for key, value in variables.get_vars(host=host, include_hostvars=False).items() if key not in MAGIC}
            for host in asked
        },
    }


def in_folder(case, work):
    before = os.getcwd()
    root = os.path.realpath(tempfile.mkdtemp())
    try:
        os.chdir(root)
        write(root, case)
        return work()
    finally:
        os.chdir(before)
        shutil.rmtree(root)


def patterns_of(group):
    def work():
        answers = {}
        for pattern in group['patterns']:
            _loader, manager = manager_of(group)
            answers[pattern] = attempt(lambda: [host.name for host in manager.get_hosts(pattern)])
        limits = {}
        for limit in group.get('limits', []):
            _loader, manager = manager_of(group)

            def limited():
                manager.subset(limit)
                return [host.name for host in manager.get_hosts('all')]
            limits[limit] = attempt(limited)
        return {'patterns': answers, 'limits': limits}
    return in_folder(group, work)


def literal(text):
    ini = Ini()
    ini._origin = Origin(path='/x', line_num=1)
    return ini._parse_value(text)


cases = yaml.safe_load(sys.stdin)
json.dump({
    'ansible': __version__,
    'inventories': {name: in_folder(case, lambda: attempt(lambda: inventory_of(case))) for name, case in cases['inventories'].items()},
    'patterns': {name: patterns_of(group) for name, group in cases['patterns'].items()},
    'literals': {text: attempt(lambda: literal(text)) for text in cases['literals']},
    'lines': {text: attempt(lambda: shlex_split(text, comments=True)) for text in cases['lines']},
    'names': {text: attempt(lambda: BaseInventoryPlugin()._expand_hostpattern(text)) for text in cases['names']},
}, sys.stdout, indent=1, ensure_ascii=False)
print()
