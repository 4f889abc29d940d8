/**
 * One shell script that reads what the site's roles make, with as few processes as possible: the same on every host,
 * which says nothing of what belongs to other groups. Facts are read too, as far as the roles use them.
 */
export const siteFloor = `
set -- /etc/localtime /etc/apt/apt.conf.d/20auto-upgrades /etc/apt/apt.conf.d/52foobar-unattended-upgrades \\
  /etc/sudoers.d/60-admin /etc/ssh/sshd_config.d/00-foobar.conf /etc/systemd/journald.conf.d \\
  /etc/systemd/journald.conf.d/60-foobar.conf /etc/nginx /etc/nginx/tls /var/www/acme /etc/nginx/tls/* \\
  /etc/nginx/nginx.conf /etc/systemd/system/*.service.d /etc/systemd/system/*.service.d/* /etc/apt/preferences.d/sid \\
  /etc/apt/sources.list.d/sid.sources /etc/mysql/mysql.conf.d /etc/mysql/mysql.conf.d/zz-foobar.cnf /etc/mysql/tls \\
  /etc/mysql/tls/* /srv/site/releases /srv/site/releases/* /srv/site/releases/*/* /srv/site/current /etc/site \\
  /etc/site/credentials /etc/site/credentials/* /etc/systemd/system/site.service /etc/systemd/system/site.socket \\
  /etc/haproxy /etc/haproxy/haproxy.cfg /etc/haproxy/site-ca.pem /var/lib/prometheus /var/lib/prometheus/node-exporter \\
  /etc/default/prometheus* /etc/default/mtail /etc/mtail /etc/mtail/nginx.mtail /etc/prometheus \\
  /etc/prometheus/*.yml /etc/prometheus/*.cnf /etc/prometheus/*.pem /etc/prometheus/rules /etc/prometheus/rules/* \\
  /usr/local/sbin/foobar-certificate-metrics /etc/systemd/system/foobar-certificate-metrics.*
stat -c '%n %N %F %a %U %G %s %Y' "$@"
for file; do shift; [ ! -f "$file" ] || set -- "$@" "$file"; done
sha256sum "$@"
cat /etc/sysctl.d/60-foobar.conf /etc/apt/sources.list.d/sid.sources /etc/nginx/tls/site.crt /etc/mysql/tls/*cert.pem \\
  /etc/passwd /etc/group /etc/os-release /proc/meminfo /proc/1/environ /etc/default/ufw /etc/ufw/user.rules \\
  /etc/ufw/user6.rules /proc/sys/net/ipv4/tcp_syncookies /proc/sys/net/ipv4/conf/all/rp_filter \\
  /proc/sys/net/ipv4/conf/all/accept_redirects /proc/sys/net/ipv4/conf/all/send_redirects \\
  /proc/sys/net/ipv4/conf/all/accept_source_route /proc/sys/net/ipv6/conf/all/accept_redirects \\
  /proc/sys/net/ipv6/conf/all/accept_source_route /proc/sys/net/core/somaxconn
iptables -S ufw-user-input
ip6tables -S ufw6-user-input
dpkg-query -W -f '\${Package} \${Version} \${db:Status-Abbrev}\\n' ca-certificates curl haproxy mtail mysql-server nginx nodejs \\
  openssl prometheus prometheus-alertmanager prometheus-blackbox-exporter prometheus-mysqld-exporter \\
  prometheus-nginx-exporter prometheus-node-exporter ufw unattended-upgrades
systemctl show -p Id,ActiveState,UnitFileState ufw nginx mysql haproxy site.socket site mtail prometheus \\
  prometheus-alertmanager prometheus-blackbox-exporter prometheus-mysqld-exporter prometheus-nginx-exporter \\
  prometheus-node-exporter foobar-certificate-metrics.timer
[ ! -S /run/mysqld/mysqld.sock ] || mysql --no-defaults --batch <<'end'
SELECT VARIABLE_NAME, VARIABLE_VALUE FROM performance_schema.global_variables WHERE VARIABLE_NAME IN
  ('read_only', 'super_read_only', 'gtid_mode', 'gtid_executed', 'rpl_semi_sync_source_enabled', 'rpl_semi_sync_replica_enabled');
SELECT * FROM performance_schema.persisted_variables;
SHOW REPLICA STATUS;
SELECT User, Host, plugin, ssl_type, HEX(authentication_string) FROM mysql.user;
SELECT * FROM information_schema.USER_PRIVILEGES;
SELECT * FROM information_schema.SCHEMA_PRIVILEGES;
SELECT * FROM information_schema.TABLE_PRIVILEGES;
SELECT SCHEMA_NAME, DEFAULT_CHARACTER_SET_NAME FROM information_schema.SCHEMATA;
end
:
`.replaceAll('\\\n  ', '');
