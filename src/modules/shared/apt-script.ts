import { updateStamp } from '../../host/queries/apt.ts';
import { type Command, rawShell, sh } from '../../host/sh.ts';

export interface AptOptions {
  readonly default_release?: string | undefined;
  readonly install_recommends?: boolean | undefined;
  readonly dpkg_options: readonly string[];
  readonly lock_timeout: number;
  readonly allow_downgrade: boolean;
  readonly allow_change_held_packages: boolean;
  readonly only_upgrade: boolean;
  readonly fail_on_autoremove: boolean;
  readonly fix_broken?: boolean | undefined;
  readonly autoremove: boolean;
  readonly purge: boolean;
  readonly allow_unauthenticated?: boolean | undefined;
  readonly policy_rc_d?: number | undefined;
}

/** When package lists are fetched: in any case, when apt does not know enough without, or not at all. */
export type UpdateWhen = 'always' | 'unknown' | 'never';

export interface AptWork {
  readonly update: UpdateWhen;
  /** Words for `apt-get install`: names, name=version, paths of .deb files. */
  readonly install?: readonly string[];
  /** Source packages whose build dependencies are installed. */
  readonly buildDepends?: readonly string[];
  readonly remove?: readonly string[];
  /** Which fetched package files are deleted. */
  readonly clean?: 'clean' | 'autoclean';
  /** `upgrade` or `dist-upgrade`, with its options. */
  readonly upgrade?: Command;
}

/**
 * One shell script for a change with apt: waits for locks, finishes what an earlier dpkg was interrupted in, fetches
 * lists when needed, asks nothing, and keeps changed configuration files. The same work gives the same text.
 */
export function aptScript(work: AptWork, options: AptOptions): Command {
  const get = sh`apt-get -y -q ${commonOptions(options)}`;
  const steps: Command[] = [];
  if (options.policy_rc_d !== undefined) steps.push(policy(options.policy_rc_d));
  steps.push(mendDpkg(options.lock_timeout), updateFunction(get, options.lock_timeout));
  if (work.update === 'always') steps.push(sh`update || exit`);
  if (work.install && work.install.length > 0) {
    const install = sh`install ${installOptions(options)} -- ${work.install}`;
    if (work.update === 'unknown') {
      steps.push(sh`${get} -qq -s ${install} >/dev/null 2>&1 || update || exit`);
      // Lists that are too old name files that the mirror no longer has.
      steps.push(sh`${get} ${install} || { [ -z "$updated" ] && update && ${get} ${install}; } || exit`);
    } else steps.push(sh`${get} ${install} || exit`);
  }
  if (work.buildDepends && work.buildDepends.length > 0)
    steps.push(sh`${get} build-dep ${installOptions(options)} -- ${work.buildDepends} || exit`);
  if (work.remove && work.remove.length > 0)
    steps.push(sh`${get} ${options.purge ? 'purge' : 'remove'} -- ${work.remove} || exit`);
  if (work.upgrade) steps.push(sh`${get} ${work.upgrade} || exit`);
  if (work.clean) steps.push(sh`${get} ${work.clean} || exit`);
  if (options.autoremove) steps.push(sh`${get} ${options.purge ? ['--purge'] : []} autoremove || exit`);
  return rawShell(steps.map((step) => step.text).join('\n'));
}

export const aptEnvironment = {
  DEBIAN_FRONTEND: 'noninteractive',
  DEBIAN_PRIORITY: 'critical',
  UCF_FORCE_CONFFOLD: '1',
  APT_LISTCHANGES_FRONTEND: 'none',
  NEEDRESTART_SUSPEND: '1',
  LC_ALL: 'C',
};

function commonOptions(options: AptOptions): string[] {
  return [
    '-o',
    `DPkg::Lock::Timeout=${options.lock_timeout}`,
    ...options.dpkg_options.flatMap((option) => ['-o', `Dpkg::Options::=--${option}`]),
    ...['-o', 'Acquire::Retries=3', '-o', 'APT::Color=0', '-o', 'Dpkg::Use-Pty=0'],
    ...(options.default_release === undefined ? [] : ['-t', options.default_release]),
    ...(options.install_recommends === undefined
      ? []
      : ['-o', `APT::Install-Recommends=${options.install_recommends ? 'yes' : 'no'}`]),
  ];
}

function installOptions(options: AptOptions): string[] {
  return [
    ...(options.allow_unauthenticated ? ['--allow-unauthenticated'] : []),
    ...(options.allow_downgrade ? ['--allow-downgrades'] : []),
    ...(options.allow_change_held_packages ? ['--allow-change-held-packages'] : []),
    ...(options.only_upgrade ? ['--only-upgrade'] : []),
    ...(options.fail_on_autoremove ? ['--no-remove'] : []),
    ...(options.fix_broken ? ['--fix-broken'] : []),
  ];
}

/** `dpkg --configure -a` where an earlier run was killed. dpkg does not wait for its lock by itself. */
function mendDpkg(patience: number): Command {
  return sh`n=0
while [ -n "$(dpkg --audit)" ] || [ -n "$(ls /var/lib/dpkg/updates)" ]; do
echo 'finishing what dpkg was interrupted in'
said=$(dpkg --configure -a --force-confdef --force-confold 2>&1) && { echo "$said"; break; }
case $said in *lock*) n=$((n + 2)) ;; *) echo "$said" >&2; break ;; esac
[ "$n" -lt ${patience} ] || { echo "$said" >&2; exit 100; }
sleep 2
done`;
}

/** apt-get waits for dpkg's lock (DPkg::Lock::Timeout), but not for that of the lists. */
function updateFunction(get: Command, patience: number): Command {
  return sh`updated=
update() {
n=0 failed=0
while :; do
if said=$(${get} -o APT::Update::Error-Mode=any update 2>&1); then
echo "$said"; updated=1; mkdir -p /var/lib/apt/periodic; touch ${updateStamp}; return 0
fi
case $said in
*'ould not get lock'*) n=$((n + 2)); [ "$n" -lt ${patience} ] || break; sleep 2 ;;
*) failed=$((failed + 1)); [ "$failed" -lt 3 ] || break; sleep 3 ;;
esac
done
echo "$said" >&2
return 100
}`;
}

/** Keeps packages from starting services: invoke-rc.d(8) asks policy-rc.d, and 101 forbids it. */
function policy(code: number): Command {
  return sh`p=/usr/sbin/policy-rc.d
if grep -qs 'of one apt run' "$p"; then rm -f "$p"; elif [ -e "$p" ]; then mv -f "$p" "$p.kept"; fi
printf '#!/bin/sh\\n# of one apt run\\nexit %s\\n' ${code} >"$p" && chmod 755 "$p" || exit
trap 'rm -f "$p"; [ ! -e "$p.kept" ] || mv -f "$p.kept" "$p"' EXIT`;
}
