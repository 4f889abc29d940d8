"""Writes what ansible-core says of its own language, for docs/ansible.md.

Run it on a host with ansible-core 2.19 and the collections ansible.posix, community.general and community.mysql:
    python3 record.py > ansible.json
"""

import json
import subprocess

from ansible.cli.adhoc import AdHocCLI
from ansible.cli.playbook import PlaybookCLI
from ansible.cli.vault import VaultCLI
from ansible.release import __version__

# Of the several hundred modules of community.general those that roles for Debian and Ubuntu servers use most.
general = """alternatives apache2_module archive capabilities composer cronvar dpkg_divert filesystem filesize git_config
htpasswd ini_file interfaces_file iptables_state kernel_blacklist listen_ports_facts locale_gen lvg lvol mail make
modprobe npm pam_limits pamd parted pipx sudoers shutdown snap ssh_config supervisorctl timezone ufw xattr xml yarn"""

# https://docs.ansible.com/ansible-core/2.19/reference_appendices/special_variables.html
magic = """ansible_check_mode ansible_collection_name ansible_config_file ansible_dependent_role_names ansible_diff_mode
ansible_forks ansible_index_var ansible_inventory_sources ansible_limit ansible_loop ansible_loop_var
ansible_parent_role_names ansible_parent_role_paths ansible_play_batch ansible_play_hosts ansible_play_hosts_all
ansible_play_name ansible_play_role_names ansible_playbook_python ansible_role_name ansible_role_names
ansible_run_tags ansible_search_path ansible_skip_tags ansible_verbosity ansible_version group_names groups hostvars
inventory_dir inventory_file inventory_hostname inventory_hostname_short omit play_hosts playbook_dir role_name
role_names role_path vars ansible_facts ansible_local ansible_become_user ansible_connection ansible_host
ansible_python_interpreter ansible_user"""


def doc(*arguments):
    done = subprocess.run(["ansible-doc", "--json", *arguments], capture_output=True, check=True, text=True)
    return json.loads(done.stdout)


def listed(kind, collection):
    return sorted(doc("-t", kind, "-l", collection))


def option(spec):
    kept = {key: spec[key] for key in ("type", "required", "choices", "aliases") if spec.get(key)}
    if spec.get("default") is not None:
        kept["default"] = spec["default"]
    if isinstance(kept.get("choices"), dict):
        kept["choices"] = list(kept["choices"])
    return kept


def modules(names):
    result = {}
    for name, found in doc("-t", "module", *names).items():
        about = found["doc"]
        result[name] = {
            "summary": about["short_description"],
            "options": {key: option(spec) for key, spec in sorted((about.get("options") or {}).items())},
            "returns": {
                key: (value or {}).get("type", "str") for key, value in sorted((found.get("return") or {}).items())
            },
        }
    return result


def plugins(kind):
    short = "ansible.builtin."
    return {name.removeprefix(short): about for name, about in sorted(doc("-t", kind, "-l", "ansible.builtin").items())}


def options(cli):
    cli.init_parser()
    found = {}

    def gather(parser):
        for action in parser._actions:
            if getattr(action, "choices", None) and hasattr(action, "_name_parser_map"):
                for child in action._name_parser_map.values():
                    gather(child)
            elif action.option_strings:
                found[", ".join(sorted(action.option_strings, key=len))] = (action.help or "").split("\n")[0]

    gather(cli.parser)
    return dict(sorted(found.items()))


names = [
    *listed("module", "ansible.builtin"),
    *listed("module", "ansible.posix"),
    *listed("module", "community.mysql"),
    *("community.general." + name for name in general.split()),
]
every = modules(names)
meta = every["ansible.builtin.meta"]["options"]["free_form"]["choices"]
print(
    json.dumps(
        {
            "version": __version__,
            "keywords": {
                name: sorted(about["applies_to"])
                for name, about in sorted(doc("-t", "keyword", *doc("-t", "keyword", "-l")).items())
                if about["applies_to"]
            },
            "modules": dict(sorted(every.items())),
            "filters": plugins("filter"),
            "tests": plugins("test"),
            "lookups": plugins("lookup"),
            "meta": meta,
            "magic": magic.split(),
            "options": {
                "ansible-playbook": options(PlaybookCLI(["ansible-playbook"])),
                "ansible": options(AdHocCLI(["ansible"])),
                "ansible-vault": options(VaultCLI(["ansible-vault"])),
            },
        },
        indent=1,
        ensure_ascii=False,
        default=str,
    )
)
