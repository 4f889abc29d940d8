"""Records what ansible-playbook does: each host's tasks with how they ended, and the recap. See record.sh."""

from __future__ import annotations

import json
import os

from ansible.plugins.callback import CallbackBase


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = 'aggregate'
    CALLBACK_NAME = 'told'

    def __init__(self):
        super().__init__()
        self.told = {}
        self.items = {}

    def tell(self, result, status):
        host = result.host.get_name()
        lines = self.items.pop((host, result.task._uuid), None)
        if lines is None:
            lines = [(result.task.get_name(), status)]
        elif status.endswith(', ignored'):
            lines = [(task, s + ', ignored' if s in ('failed', 'unreachable') else s) for task, s in lines]
        self.told.setdefault(host, []).extend(f'{task} {s}' for task, s in lines)

    def item(self, result, status):
        label = self._get_item_label(result.result)
        key = (result.host.get_name(), result.task._uuid)
        self.items.setdefault(key, []).append((f'{result.task.get_name()} ({label})', status))

    def v2_runner_on_ok(self, result):
        if result.task.action not in ('include_tasks', 'include_role', 'meta'):
            self.tell(result, 'changed' if result.is_changed() else 'ok')

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self.tell(result, 'failed, ignored' if ignore_errors else 'failed')

    def v2_runner_on_unreachable(self, result):
        self.tell(result, 'unreachable, ignored' if result.task.ignore_unreachable else 'unreachable')

    def v2_runner_on_skipped(self, result):
        if result.task.action != 'meta':
            self.tell(result, 'skipped')

    def v2_runner_item_on_ok(self, result):
        if result.task.action not in ('include_tasks', 'include_role'):
            self.item(result, 'changed' if result.result.get('changed') else 'ok')

    def v2_runner_item_on_failed(self, result):
        self.item(result, 'failed')

    def v2_runner_item_on_skipped(self, result):
        self.item(result, 'skipped')

    def v2_playbook_on_include(self, included_file):
        label = self._get_item_label(included_file._vars)
        item = f' ({label})' if label is not None else ''
        for host in included_file._hosts:
            self.told.setdefault(host.name, []).append(f'{included_file._task.get_name()}{item} ok')

    def v2_playbook_on_stats(self, stats):
        recap = {}
        for host in sorted(stats.processed):
            counts = stats.summarize(host)
            recap[host] = {
                'ok': counts['ok'] - counts['changed'],
                'changed': counts['changed'],
                'skipped': counts['skipped'],
                'failed': counts['failures'],
                'unreachable': counts['unreachable'],
                'rescued': counts['rescued'],
                'ignored': counts['ignored'],
            }
        answers = {'told': dict(sorted(self.told.items())), 'recap': recap}
        if stats.custom:
            answers['statistics'] = stats.custom
        with open(os.environ['TOLD'], 'w') as file:
            json.dump(answers, file, indent=1, default=str)
            file.write('\n')
