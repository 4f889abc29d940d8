"""Prints what is on a host as one JSON object: {"what it is": {"property": "value"}}. Arguments: folders and files."""

import grp
import hashlib
import json
import os
import pwd
import stat
import subprocess
import sys

largest = 200_000
kinds = {
    stat.S_IFDIR: 'directory',
    stat.S_IFREG: 'file',
    stat.S_IFLNK: 'link',
    stat.S_IFIFO: 'fifo',
    stat.S_IFSOCK: 'socket',
    stat.S_IFBLK: 'block device',
    stat.S_IFCHR: 'character device',
}
state = {}


def name(find, number):
    try:
        return find(number)[0]
    except KeyError:
        return str(number)


def content(path, size):
    with open(path, 'rb') as file:
        data = file.read(largest + 1) if size <= largest else b''
        if size <= largest:
            try:
                return data.decode()
            except UnicodeDecodeError:
                pass
        file.seek(0)
        return 'sha256:' + hashlib.file_digest(file, 'sha256').hexdigest()


def note(path):
    try:
        info = os.lstat(path)
        kind = stat.S_IFMT(info.st_mode)
        entry = {
            'type': kinds[kind],
            'owner': name(pwd.getpwuid, info.st_uid),
            'group': name(grp.getgrgid, info.st_gid),
        }
        if kind == stat.S_IFLNK:
            entry['target'] = os.readlink(path)
        else:
            entry['mode'] = format(stat.S_IMODE(info.st_mode), '04o')
        if kind == stat.S_IFREG:
            entry['content'] = content(path, info.st_size)
        if kind == stat.S_IFREG and info.st_nlink > 1:
            entry['links'] = str(info.st_nlink)
        state[path] = entry
    except FileNotFoundError:
        pass


def lines(*command):
    done = subprocess.run(command, capture_output=True, text=True)
    return done.stdout.splitlines()


for root in sys.argv[1:]:
    note(root)
    if os.path.isdir(root) and not os.path.islink(root):
        for folder, folders, files in os.walk(root):
            for entry in folders + files:
                note(os.path.join(folder, entry))

for line in lines('dpkg-query', '-W', '-f', '${Package} ${db:Status-Abbrev} ${Version}\n'):
    package, status, *version = line.split()
    state['package ' + package] = {'status': status, 'version': ' '.join(version)}
for line in lines('systemctl', 'list-units', '--all', '--no-legend', '--plain', '--type=service,socket,timer,mount'):
    unit, _load, active, sub, *_ = line.split()
    if active != 'inactive':  # these come and go as something asks for them
        state['unit ' + unit] = {'active': active, 'sub': sub}
for line in lines('findmnt', '--list', '--noheadings', '--output', 'TARGET,FSTYPE,VFS-OPTIONS'):
    target, kind, options = line.split(None, 2)
    state['mount ' + target] = {'type': kind, 'options': options.strip()}
state['host'] = {'hostname': os.uname().nodename}
json.dump(state, sys.stdout)
