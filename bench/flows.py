"""The lookup `flows` for Ansible: its answers are what `foobar flows --output json` has resolved."""

import json
import os

from ansible.plugins.lookup import LookupBase

RESOLVED = os.path.join(os.path.dirname(__file__), '..', 'flows.json')


def addresses(end):
    if end['kind'] == 'internet':
        return ['any']
    return end['addresses'] if end['kind'] == 'host' else [end['network']]


def rules(passages, host):
    """What is let in to a host, each rule once, with the names of all flows that ask for it."""
    names = {}
    for passage in passages:
        if passage['to'].get('name') != host:
            continue
        ports = ','.join(':'.join(map(str, dict.fromkeys(ends))) for ends in passage['ports'])
        for peer in addresses(passage['from']):
            names.setdefault((passage['protocol'], ports, peer), []).append(passage['flow'])
    return [
        {'protocol': protocol, 'ports': ports, 'peer': peer, 'comment': 'foobar: ' + ', '.join(dict.fromkeys(flows))}
        for (protocol, ports, peer), flows in names.items()
    ]


class LookupModule(LookupBase):
    def run(self, terms, variables=None, get=None, rules_of=None):
        with open(RESOLVED) as file:
            passages = [json.loads(line) for line in file]
        if rules_of is not None:
            return rules(passages, rules_of)
        named = [passage for passage in passages if passage['flow'] in terms]
        if get == 'tls':
            return [all(passage['tls'] for passage in named)]
        return list(dict.fromkeys(sum((addresses(passage['from']) for passage in named), [])))
