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


def ends(passages, host, names, port, to):
    """
    Who may reach a port of a host, or the hosts of which it may reach it. Its way to itself is in no passage: unless
    flows are named, it counts for every port here. The site's flows say no less of any port that is asked for.
    """
    own, other = ('to', 'from') if to else ('from', 'to')
    meant = [
        passage[other]
        for passage in passages
        if passage[own].get('name') == host
        and passage['protocol'] == 'tcp'
        and (not names or passage['flow'] in names)
        and any(first <= int(port) <= last for first, last in passage['ports'])
    ]
    found = sum((addresses(end) if to else [end['name']] for end in meant if to or end['kind'] == 'host'), [])
    return list(dict.fromkeys(found + ([] if names else [host])))


class LookupModule(LookupBase):
    def run(self, terms, variables=None, get=None, rules_of=None, to=None, port=None, **others):
        with open(RESOLVED) as file:
            passages = [json.loads(line) for line in file]
        if rules_of is not None:
            return rules(passages, rules_of)
        if to is not None or 'from' in others:
            return ends(passages, to or others['from'], terms, port, to is not None)
        named = [passage for passage in passages if passage['flow'] in terms]
        if get == 'tls':
            return [all(passage['tls'] for passage in named)]
        return list(dict.fromkeys(sum((addresses(passage['from']) for passage in named), [])))
