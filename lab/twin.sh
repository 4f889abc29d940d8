# Makes a Debian 13 machine one that Ansible can provision and can provision others: the tests run the same
# playbooks there with ansible-playbook and from elsewhere with foobar. Run as root.
set -eu
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
mirror=$1

apt-get -qq update
apt-get -qq -y install --no-install-recommends \
  ansible openssh-client rsync git unzip bzip2 xz-utils zstd acl cron curl gpg locales ufw kmod \
  apache2-utils debconf-utils nodejs npm pip python3-venv libpython3-stdlib \
  python3-apt python3-debian python3-pymysql python3-passlib python3-setuptools >/dev/null

# MySQL, which Debian 13 does not have. It rests until a playbook starts it.
cat > /etc/apt/preferences.d/sid <<'end-of-file'
Package: *
Pin: release n=sid
Pin-Priority: 100
end-of-file
echo "deb $mirror sid main" > /etc/apt/sources.list.d/sid.list
apt-get -qq update
apt-get -qq -y install -t sid --no-install-recommends mysql-server >/dev/null
rm /etc/apt/sources.list.d/sid.list /etc/apt/preferences.d/sid
apt-get -qq update
systemctl --quiet disable mysql.service cron.service ufw.service
apt-get clean

# Compiled once here, not in every host.
python3 -m compileall -q /usr/lib/python3/dist-packages/ansible || true
