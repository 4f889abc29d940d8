"""Prints what ansible-playbook does as one JSON value a line, for the comparison with foobar."""

import json
import os

from ansible import constants
from ansible.playbook.handler import Handler
from ansible.plugins.callback import CallbackBase

DOCUMENTATION = '''
name: record
type: stdout
short_description: one JSON value a line
description: one JSON value a line
extends_documentation_fragment: [default_callback]
'''


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = 'stdout'
    CALLBACK_NAME = 'record'

    def __init__(self):
        super().__init__()
        # Ansible packs a module once in a run; the next runs find it here.
        os.symlink('/var/lib/twin/ansiballz', os.path.join(constants.DEFAULT_LOCAL_TMP, 'ansiballz_cache'))

    def _tell(self, **event):
        print('record ' + json.dumps(event, default=str), flush=True)

    def _task(self, status, result, ignored=False, is_item=False):
        task, values = result._task, result._result
        item = None
        if '_ansible_item_label' in values:
            item = str(values['_ansible_item_label'])
        elif values.get('ansible_loop_var') in values:
            item = str(values[values['ansible_loop_var']])
        elif is_item:
            item = '[not told]'
        if status == 'ok' and values.get('changed'):
            status = 'changed'
        self._tell(
            event='task',
            host=result._host.get_name(),
            task=task.get_name(),
            module=task.action,
            status=status,
            handler=isinstance(task, Handler),
            ignored=bool(ignored),
            item=item,
            loop='results' in values and task.loop is not None,
            message=str(values.get('msg', ''))[:2000] if status != 'ok' else '',
        )

    def v2_playbook_on_play_start(self, play):
        self._tell(event='play', name=play.get_name())

    def v2_runner_on_ok(self, result):
        self._task('ok', result)

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self._task('failed', result, ignore_errors)

    def v2_runner_on_skipped(self, result):
        self._task('skipped', result)

    def v2_runner_on_unreachable(self, result):
        self._task('unreachable', result)

    def v2_runner_item_on_ok(self, result):
        self._task('ok', result, is_item=True)

    def v2_runner_item_on_failed(self, result):
        self._task('failed', result, is_item=True)

    def v2_runner_item_on_skipped(self, result):
        self._task('skipped', result, is_item=True)

    def v2_playbook_on_stats(self, stats):
        hosts = {host: stats.summarize(host) for host in stats.processed}
        self._tell(event='recap', hosts=hosts, statistics=stats.custom)
