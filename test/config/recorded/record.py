"""Has ansible-config answer cases.yaml: python3 record.py < cases.yaml > answers.json, where ansible-core 2.19 is."""
import json
import os
import subprocess
import sys
import tempfile

import yaml

answers = {}
for case in yaml.safe_load(sys.stdin):
    with tempfile.TemporaryDirectory() as root:
        for folder in ("project", "home"):
            os.mkdir(os.path.join(root, folder))
        for name, text in case["files"].items():
            path = os.path.join(root, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w") as file:
                file.write(text)
        if case.get("writable"):
            os.chmod(os.path.join(root, "project"), 0o777)
        given = {name: value.replace("$ROOT", root) for name, value in case.get("environment", {}).items()}
        environment = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": os.path.join(root, "home"), **given}

        def dump(*more):
            command = ["ansible-config", "dump", "--only-changed", "--format", "json", *more]
            done = subprocess.run(
                command, cwd=os.path.join(root, "project"), env=environment, capture_output=True, text=True
            )
            if done.returncode != 0:
                return None
            return json.loads(done.stdout.replace(root, "$ROOT"))

        base, ssh = dump(), dump("-t", "connection", "ssh")
        if base is None:
            answers[case["name"]] = None
            continue
        settings = {entry["name"]: entry["value"] for entry in base if "value" in entry}
        for plugins in ssh or []:
            for entry in plugins.get("ssh", []) if isinstance(plugins, dict) else []:
                settings["ssh." + entry["name"]] = entry["value"]
        answers[case["name"]] = settings
json.dump(answers, sys.stdout, indent=1, sort_keys=True)
print()
