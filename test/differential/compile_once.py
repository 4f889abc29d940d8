"""Keeps what Python compiles out of archives. Each task of Ansible brings its module as an archive of source."""

import _imp
import marshal
import os
import zipimport
from _sha2 import sha256

folder = '/var/lib/twin/compiled'
compile_source = zipimport._compile_source


def compile_once(path, source):
    kept = os.path.join(folder, sha256(source).hexdigest())
    try:
        with open(kept, 'rb') as file:
            code = marshal.loads(file.read())
        _imp._fix_co_filename(code, path)
        return code
    except OSError:
        code = compile_source(path, source)
    draft = f'{kept}.{os.getpid()}'
    try:
        with open(draft, 'wb') as file:
            file.write(marshal.dumps(code))
        os.rename(draft, kept)
    except OSError:  # another user's process
        pass
    return code


zipimport._compile_source = compile_once
