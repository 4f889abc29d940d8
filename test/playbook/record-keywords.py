#!/usr/bin/env python3
"""Records which keywords ansible-core takes where: keywords.json. Run where ansible-core is installed:

    ./record-keywords.py > keywords.json
"""

import json

from ansible.playbook.block import Block
from ansible.playbook.handler import Handler
from ansible.playbook.loop_control import LoopControl
from ansible.playbook.play import Play
from ansible.playbook.playbook_include import PlaybookInclude
from ansible.playbook.role.include import RoleInclude
from ansible.playbook.task import Task

PLACES = {
    "play": Play, "role": RoleInclude, "block": Block, "task": Task, "handler": Handler, "import": PlaybookInclude,
    "loop_control": LoopControl,
}

print(json.dumps({
    place: sorted({attribute.alias or name for name, attribute in cls.fattributes.items() if not attribute.private})
    for place, cls in PLACES.items()
}, indent=2))
