#!/bin/sh
set -eu

usage() {
  cat <<'USAGE'
Usage: scripts/provision.sh [all|apt|otelcol|alloyfmt|telemetrygen|gitleaks|node|clis|corpus|openbao|moto|wine|
                             node-windows|pwsh|pwsh-wine|docker|kube-apiserver]...
       scripts/provision.sh status|docker-stop

Gets the real programs that the tests run against. Without arguments: all.
What is there already is left alone.

  apt           Debian packages (root or sudo; only when one is missing)
  otelcol       OpenTelemetry Collector built from test/parts/otelcol
  alloyfmt      the parser and the formatter of Grafana Alloy
  telemetrygen  OpenTelemetry load generator
  gitleaks      a scanner for secrets
  node          Node 20.18.1 (the oldest we support), 22, 24 and 26
  clis          every CLI of test/parts/clis, most of them in two releases (1.9 GB)
  corpus        published collector and Alloy configs
  openbao       OpenBao, server and agent, from PyPI (182 MB)
  moto          a server that answers as AWS does, from PyPI (140 MB)
  wine          Debian's wine64, and a prefix that test runs copy (700 MB)
  node-windows  the Windows build of Node 20.18.1, to be run under wine (67 MB)
  pwsh          PowerShell 7, where it is not on PATH: from the folder $CROSSFADE_PWSH_FROM, by default ../shared/pwsh
                beside the checkout; without such a folder there is none, and its tests are skipped (250 MB)
  pwsh-wine     PowerShell 7 for Windows, run under Debian's wine64; from the same folder (250 MB)
  docker        dockerd when none answers (root), and two local images:
                otel-crossfade/otelcol:0.155.0 and otel-crossfade/busybox
  kube-apiserver  the Kubernetes API server built from test/parts/kube-apiserver (4 min on an idle machine, 119 MB),
                and Debian's etcd-server; not part of all
  status        say what is there, change nothing
  docker-stop   stop the dockerd that this script started

Progress goes to standard error. On standard output, at the end, one line
a part: "part <name> <path or state>".

Everything but the Debian packages is kept in $CROSSFADE_PARTS_DIR, by default
$XDG_CACHE_HOME/otel-crossfade or ~/.cache/otel-crossfade.
USAGE
}

packages='shellcheck dash bash zsh fish busybox-static ksh mksh gawk mawk original-awk
acl age faketime openssl strace curl wget procps iptables docker.io prometheus chromium tmux jq python3-venv'
telemetrygen=github.com/open-telemetry/opentelemetry-collector-contrib/cmd/telemetrygen
telemetrygen_version=0.161.0
gitleaks=github.com/zricethezav/gitleaks/v8
gitleaks_version=8.28.0
node_majors='20 22 24 26'
otelcol_image=otel-crossfade/otelcol:0.155.0
busybox_image=otel-crossfade/busybox:latest
label=otel-crossfade.parts

scripts=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
parts=${scripts%/*}/test/parts
cache=${CROSSFADE_PARTS_DIR:-${XDG_CACHE_HOME:-${HOME:?}/.cache}/otel-crossfade}
case $cache in
  /*) ;;
  *) cache=$PWD/$cache ;;
esac

say() { printf 'provision: %s\n' "$*" >&2; }

die() {
  say "$*"
  exit 1
}

need() { command -v "$1" >/dev/null 2>&1 || die "$part needs $2: $1 is not in PATH"; }

# logged NAME COMMAND...: output goes to a log; its end is shown only on failure
logged() {
  log=$cache/log/$1.log
  shift
  if ! "$@" >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    die "failed: $* (log: $log)"
  fi
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# digest FILE...: first 12 hex digits of a hash over names and contents
digest() { sha256sum "$@" | sha256sum | cut -c1-12; }

# link TARGET NAME
link() {
  [ "$(readlink "$2" 2>/dev/null || :)" = "$1" ] || ln -sfn "$1" "$2"
}

scratch=
policy=
cleanup() {
  [ -z "$scratch" ] || rm -rf "$scratch"
  [ -z "$policy" ] || as_root rm -f "$policy"
}
trap cleanup EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

begin() {
  mkdir -p "$cache/log"
  if command -v flock >/dev/null 2>&1; then
    exec 9>"$cache/lock"
    flock -n 9 || {
      say 'waiting for another run to end'
      flock 9
    }
    rm -rf "$cache"/tmp.*
  fi
  scratch=$(mktemp -d "$cache/tmp.XXXXXX")
}

# apt

missing_packages() {
  # shellcheck disable=SC2086
  present=$(dpkg-query -W -f='${Package}:${Status} ' $packages 2>/dev/null || :)
  for package in $packages; do
    case " $present" in
      *" $package:install ok installed "*) ;;
      *) printf '%s ' "$package" ;;
    esac
  done
}

apt_get() { as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 "$@"; }

get_apt() {
  missing=$(missing_packages)
  missing=${missing% }
  [ -n "$missing" ] || return 0
  need apt-get 'a Debian system'
  [ "$(id -u)" = 0 ] || need sudo 'root or sudo'
  say "apt: installing $missing"
  # Packages start their services on installation unless this file forbids it.
  if [ ! -e /usr/sbin/policy-rc.d ]; then
    policy=/usr/sbin/policy-rc.d
    printf '#!/bin/sh\nexit 101\n' >"$scratch/policy-rc.d"
    as_root install -m 755 "$scratch/policy-rc.d" "$policy"
  fi
  # shellcheck disable=SC2086
  if ! apt_get install -y --no-install-recommends $missing >"$cache/log/apt.log" 2>&1; then
    say 'apt: package lists are missing or old, updating them'
    # An unrelated source that does not answer must not end this.
    apt_get update >"$cache/log/apt-update.log" 2>&1 || :
    logged apt apt_get install -y --no-install-recommends $missing
  fi
  if [ -n "$policy" ]; then
    as_root rm -f "$policy"
    policy=
  fi
  case " $missing " in
    *' prometheus '*) [ ! -d /run/systemd/system ] || as_root systemctl disable --now --quiet prometheus ;;
    ' etcd-server ') [ ! -d /run/systemd/system ] || as_root systemctl disable --now --quiet etcd ;;
  esac
}

state_apt() {
  missing=$(missing_packages)
  if [ -n "$missing" ]; then echo "missing ${missing% }"; else echo installed; fi
}

# otelcol and alloyfmt: programs of our own test modules

module_digest() (
  cd "$parts/$1"
  LC_ALL=C
  export LC_ALL
  set -- go.mod go.sum ./*.go
  [ ! -f builder-config.yaml ] || set -- builder-config.yaml "$@"
  digest "$@"
)

# build NAME: the module of that name, once for its content
build() {
  version=$(module_digest "$1")
  target=$cache/$1-$version/$1
  if [ ! -x "$target" ]; then
    need go 'Go 1.25 or newer'
    say "$1: building (some minutes the first time)"
    logged "$1" env CGO_ENABLED=0 GOWORK=off go -C "$parts/$1" build \
      -mod=readonly -trimpath -buildvcs=false '-ldflags=-s -w' -o "$scratch/$1" .
    mkdir -p "$cache/$1-$version"
    mv -f "$scratch/$1" "$target"
  fi
  link "$1-$version/$1" "$cache/$1"
}

state_of_module() {
  target=$cache/$1-$(module_digest "$1")/$1
  if [ -x "$target" ]; then echo "$target"; else echo missing; fi
}

get_otelcol() { build otelcol; }
get_alloyfmt() { build alloyfmt; }
state_otelcol() { state_of_module otelcol; }
state_alloyfmt() { state_of_module alloyfmt; }

# telemetrygen and gitleaks: published programs

# build_published NAME MODULE VERSION
build_published() {
  target=$cache/$1-$3/$1
  if [ ! -x "$target" ]; then
    need go 'Go 1.25 or newer'
    say "$1: building $3"
    logged "$1" env CGO_ENABLED=0 GOWORK=off GOBIN="$scratch" go install -trimpath '-ldflags=-s -w' "$2@v$3"
    mkdir -p "${target%/*}"
    mv -f "$scratch/$1" "$target"
  fi
  link "$1-$3/$1" "$cache/$1"
}

# state_of_published NAME VERSION
state_of_published() {
  target=$cache/$1-$2/$1
  if [ -x "$target" ]; then echo "$target"; else echo missing; fi
}

get_telemetrygen() { build_published telemetrygen "$telemetrygen" "$telemetrygen_version"; }
get_gitleaks() { build_published gitleaks "$gitleaks" "$gitleaks_version"; }
state_telemetrygen() { state_of_published telemetrygen "$telemetrygen_version"; }
state_gitleaks() { state_of_published gitleaks "$gitleaks_version"; }

# node

# npm_digest NAME: of the npm project of that name
npm_digest() (
  cd "$parts/$1"
  digest package.json package-lock.json
)

nodes_there() {
  for major in $node_majors; do
    [ -x "$1/node_modules/node-$major/bin/node" ] || return 1
  done
}

get_node() {
  version=$(npm_digest node)
  if ! nodes_there "$cache/nodes-$version"; then
    need npm npm
    say "node: installing Node $node_majors"
    rm -rf "$scratch/nodes" "$cache/nodes-$version"
    mkdir "$scratch/nodes"
    cp "$parts/node/package.json" "$parts/node/package-lock.json" "$scratch/nodes/"
    # All three packages offer a command named node.
    logged node npm ci --prefix "$scratch/nodes" --ignore-scripts --no-bin-links --no-audit --no-fund
    nodes_there "$scratch/nodes" || die "node: npm installed nothing that can be run here (log: $cache/log/node.log)"
    mv "$scratch/nodes" "$cache/nodes-$version"
  fi
  for major in $node_majors; do
    link "nodes-$version/node_modules/node-$major" "$cache/node-$major"
  done
}

state_node() {
  version=$(npm_digest node)
  if nodes_there "$cache/nodes-$version"; then echo "$cache/nodes-$version/node_modules"; else echo missing; fi
}

# clis

# Every package of test/parts/clis, and programs for this platform, which npm silently omits if it has none.
clis_there() {
  for package in $(sed -n 's/^\t\t"\([^"]*\)": "npm:.*/\1/p' "$parts/clis/package.json"); do
    [ -e "$1/node_modules/$package/package.json" ] || return 1
  done
  for program in @anthropic-ai/claude-code-linux-x64 @openai/codex-linux-x64; do
    [ -e "$1/node_modules/$program" ] || return 1
  done
}

get_clis() {
  version=$(npm_digest clis)
  if ! clis_there "$cache/clis-$version"; then
    need npm npm
    say 'clis: installing the CLIs of test/parts/clis (1.9 GB)'
    rm -rf "$scratch/clis" "$cache/clis-$version"
    mkdir "$scratch/clis"
    cp "$parts/clis/package.json" "$parts/clis/package-lock.json" "$scratch/clis/"
    # What the scripts of the packages would do is to copy a program that can be run where it is.
    logged clis npm ci --prefix "$scratch/clis" --ignore-scripts --no-bin-links --no-audit --no-fund
    clis_there "$scratch/clis" || die "clis: npm installed nothing that can be run here (log: $cache/log/clis.log)"
    mv "$scratch/clis" "$cache/clis-$version"
  fi
  link "clis-$version/node_modules" "$cache/clis"
}

state_clis() {
  version=$(npm_digest clis)
  if clis_there "$cache/clis-$version"; then echo "$cache/clis-$version/node_modules"; else echo missing; fi
}

# corpus

corpus_digest() (
  cd "$parts/corpus"
  digest modules.txt go.sum
)

corpus_there() {
  while read -r module; do
    [ -d "$1/$(printf '%s' "$module" | tr / +)" ] || return 1
  done <"$parts/corpus/modules.txt"
}

get_corpus() {
  version=$(corpus_digest)
  if ! corpus_there "$cache/corpus-$version"; then
    need go 'Go 1.25 or newer'
    say 'corpus: downloading (64 MB)'
    modules=$(go env GOMODCACHE)
    # shellcheck disable=SC2046
    logged corpus env GOWORK=off go -C "$parts/corpus" mod download -json $(cat "$parts/corpus/modules.txt")
    rm -rf "$scratch/corpus" "$cache/corpus-$version"
    mkdir "$scratch/corpus"
    sed -n 's/^[[:space:]]*"Dir": "\(.*\)".*/\1/p' "$cache/log/corpus.log" >"$scratch/corpus.dirs"
    while read -r directory; do
      ln -s "$directory" "$scratch/corpus/$(printf '%s' "${directory#"$modules"/}" | tr / +)"
    done <"$scratch/corpus.dirs"
    corpus_there "$scratch/corpus" || die "corpus: the download is not complete (log: $cache/log/corpus.log)"
    mv "$scratch/corpus" "$cache/corpus-$version"
  fi
  link "corpus-$version" "$cache/corpus"
}

state_corpus() {
  version=$(corpus_digest)
  if corpus_there "$cache/corpus-$version"; then echo "$cache/corpus-$version"; else echo missing; fi
}

# openbao and moto: from PyPI, into folders of their own

# python_packages NAME FOLDER: a virtual environment with what requirements.txt of that part pins
python_packages() {
  need python3 'Python 3 with venv (scripts/provision.sh apt)'
  logged "$1" python3 -m venv "$2"
  logged "$1" "$2/bin/python" -m pip install --no-deps --only-binary=:all: --require-hashes --no-compile \
    --disable-pip-version-check -r "$parts/$1/requirements.txt"
}

openbao_place() { echo "$cache/openbao-$(digest_of openbao)/bao"; }
moto_place() { echo "$cache/moto-$(digest_of moto)"; }

# digest_of NAME: of the requirements of that part
digest_of() (
  cd "$parts/$1"
  digest requirements.txt
)

get_openbao() {
  target=$(openbao_place)
  if [ ! -x "$target" ]; then
    say 'openbao: installing (75 MB)'
    rm -rf "${target%/*}"
    python_packages openbao "$scratch/openbao"
    found=$(find "$scratch/openbao/lib" -type f -name bao -size +10M)
    [ -n "$found" ] || die "openbao: the package has no program (log: $cache/log/openbao.log)"
    mkdir -p "${target%/*}"
    chmod 755 "$found"
    mv "$found" "$target"
    rm -rf "$scratch/openbao"
  fi
  link "${target#"$cache"/}" "$cache/openbao"
}

get_moto() {
  target=$(moto_place)
  if [ ! -e "$target/complete" ]; then
    say 'moto: installing'
    # It names its own place in its programs, and cannot be moved there afterwards.
    rm -rf "$target"
    python_packages moto "$target"
    : >"$target/complete"
  fi
  link "${target#"$cache"/}" "$cache/moto"
}

state_openbao() {
  target=$(openbao_place)
  if [ -x "$target" ]; then echo "$target"; else echo missing; fi
}

state_moto() {
  target=$(moto_place)
  if [ -e "$target/complete" ]; then echo "$target/bin/moto_server"; else echo missing; fi
}

# wine, with a prefix, and Node for Windows

wine_programs=/usr/lib/wine

# only PACKAGE...: those of Debian, which are not part of apt
only() {
  debian=$packages
  packages=$*
  get_apt
  packages=$debian
}

wine_place() { echo "$cache/wine-$(dpkg-query -W -f='${Version}' wine64 2>/dev/null | tr -c 'A-Za-z0-9.\n' -)"; }

# in_wine PREFIX PROGRAM...
in_wine() (
  WINEPREFIX=$1
  WINEDEBUG=-all
  export WINEPREFIX WINEDEBUG
  shift
  "$@"
)

get_wine() {
  only wine64
  target=$(wine_place)
  if [ ! -e "$target/complete" ]; then
    say 'wine: making a prefix'
    rm -rf "$target"
    mkdir -p "$target/prefix"
    logged wine in_wine "$target/prefix" "$wine_programs/wine64" wineboot -u
    # Node refuses to start on what Wine says it is otherwise.
    logged wine in_wine "$target/prefix" "$wine_programs/wine64" reg add 'HKCU\Software\Wine' /v Version /d win10 /f
    # It writes the registry when it ends.
    logged wine in_wine "$target/prefix" "$wine_programs/wineserver64" -w
    : >"$target/complete"
  fi
  link "${target##*/}" "$cache/wine"
}

get_node_windows() {
  target=$cache/node-windows-$(npm_digest node-windows)
  program=node_modules/node-windows/bin/node.exe
  if [ ! -e "$target/$program" ]; then
    need npm npm
    say 'node-windows: installing (67 MB)'
    rm -rf "$scratch/node-windows" "$target"
    mkdir "$scratch/node-windows"
    cp "$parts/node-windows/package.json" "$parts/node-windows/package-lock.json" "$scratch/node-windows/"
    # By force: it is for another platform.
    logged node-windows npm ci --force --prefix "$scratch/node-windows" --ignore-scripts --no-bin-links --no-audit --no-fund
    [ -e "$scratch/node-windows/$program" ] || die "node-windows: npm installed no program (log: $cache/log/node-windows.log)"
    mv "$scratch/node-windows" "$target"
  fi
  link "${target##*/}/$program" "$cache/node.exe"
}

state_wine() {
  target=$(wine_place)
  if [ -e "$target/complete" ]; then echo "$target"; else echo missing; fi
}

state_node_windows() {
  target=$cache/node-windows-$(npm_digest node-windows)/node_modules/node-windows/bin/node.exe
  if [ -e "$target" ]; then echo "$target"; else echo missing; fi
}

# pwsh and pwsh-wine: launchers and archives, in a folder that somebody has put there

pwsh_from=${CROSSFADE_PWSH_FROM:-${scripts%/*/*}/shared/pwsh}

# pwsh_archive NAME: the last archive of that launcher, or nothing
pwsh_archive() (
  for archive in "$pwsh_from/$1"-[0-9]*.tar.xz; do :; done
  [ ! -e "$archive" ] || echo "${archive##*/}"
)

# pwsh_place NAME: where it is unpacked, one for each archive and each launcher
pwsh_place() (
  archive=$(pwsh_archive "$1")
  cd "$pwsh_from"
  echo "$cache/${archive%.tar.xz}-$(digest "$1" unpack.sh)"
)

# unpack_pwsh NAME: into the parts folder, unless it is on PATH; says so when there is none to be had
unpack_pwsh() {
  [ -z "$(command -v "$1")" ] || return 0
  archive=$(pwsh_archive "$1")
  if [ -z "$archive" ]; then
    say "$1: not on PATH, and $pwsh_from has none (CROSSFADE_PWSH_FROM names another folder): its tests will be skipped"
    return 0
  fi
  target=$(pwsh_place "$1")
  if [ ! -x "$target/$1" ]; then
    [ -n "$(command -v xz)" ] || only xz-utils
    say "$1: unpacking ${archive%.tar.xz}"
    rm -rf "$target" "${scratch:?}/$1"
    mkdir -p "$scratch/$1/launcher"
    cp "$pwsh_from/$1" "$pwsh_from/unpack.sh" "$scratch/$1/launcher/"
    logged "$1" tar -C "$scratch/$1" -xJf "$pwsh_from/$archive"
    [ -d "$scratch/$1/${archive%.tar.xz}" ] || die "$1: $archive holds no folder of its name"
    cat >"$scratch/$1/$1" <<LAUNCH
#!/bin/sh
here=\$(dirname -- "\$(readlink -f -- "\$0")")
CROSSFADE_PWSH_CACHE=\$here
export CROSSFADE_PWSH_CACHE
exec "\$here/launcher/$1" "\$@"
LAUNCH
    chmod 755 "$scratch/$1/$1" "$scratch/$1/launcher/$1"
    mv "$scratch/$1" "$target"
  fi
  link "${target##*/}/$1" "$cache/$1"
}

get_pwsh() { unpack_pwsh pwsh; }

get_pwsh_wine() {
  [ -z "$(command -v pwsh-wine)$(pwsh_archive pwsh-wine)" ] || only wine64
  unpack_pwsh pwsh-wine
}

state_of_pwsh() {
  target=$(command -v "$1" || readlink -f "$cache/$1" || :)
  [ -z "$(pwsh_archive "$1")" ] || [ -n "$(command -v "$1")" ] || target=$(pwsh_place "$1")/$1
  if [ -x "$target" ]; then echo "$target"; else echo missing; fi
}

state_pwsh() { state_of_pwsh pwsh; }
state_pwsh_wine() { state_of_pwsh pwsh-wine; }

# kube-apiserver, and the etcd that it needs

get_kube_apiserver() {
  only etcd-server
  build kube-apiserver
}

state_kube_apiserver() { state_of_module kube-apiserver; }

# docker

docker_answers() { docker info >/dev/null 2>&1; }

# alive PID: unlike kill -0 this does not count what ended and was not yet reaped
alive() { grep -q '^State:[[:space:]]*[^XZ[:space:]]' "/proc/$1/status" 2>/dev/null; }

# is PIDFILE NAME: whether the process of that file runs and has that name
is() {
  [ -s "$1" ] && alive "$(cat "$1")" && [ "$(cat "/proc/$(cat "$1")/comm" 2>/dev/null)" = "$2" ]
}

start_docker() {
  [ -z "${DOCKER_HOST:-}" ] || die "docker: nothing answers at $DOCKER_HOST"
  [ "$(id -u)" = 0 ] || die 'docker: no daemon answers, and only root can start one'
  need dockerd 'the package docker.io (scripts/provision.sh apt)'
  if is "$cache/dockerd.pid" dockerd; then
    daemon=$(cat "$cache/dockerd.pid")
  else
    # Left from before a restart of the machine, they can name another process,
    # and then dockerd refuses to start, or waits for a containerd that is none.
    rm -f "$cache/dockerd.pid"
    is /var/run/docker/containerd/containerd.pid containerd || rm -f /var/run/docker/containerd/containerd.pid
    say 'docker: starting dockerd'
    # 9 is the lock: the daemon must not keep it. Ports that do not say where
    # they are published, as those of testcontainers, must stay on loopback.
    setsid dockerd --data-root "$cache/docker" --pidfile "$cache/dockerd.pid" --ip 127.0.0.1 \
      </dev/null >"$cache/log/dockerd.log" 2>&1 9>&- &
    daemon=$!
  fi
  waited=0
  until docker_answers; do
    if [ "$waited" -ge 180 ] || ! alive "$daemon"; then
      tail -n 20 "$cache/log/dockerd.log" >&2
      die "docker: dockerd does not answer (log: $cache/log/dockerd.log)"
    fi
    sleep 1
    waited=$((waited + 1))
  done
}

stop_docker() {
  is "$cache/dockerd.pid" dockerd || return 0
  daemon=$(cat "$cache/dockerd.pid")
  say 'docker: stopping dockerd'
  kill "$daemon"
  waited=0
  while alive "$daemon"; do
    [ "$waited" -lt 60 ] || die "docker: dockerd ($daemon) does not end"
    sleep 1
    waited=$((waited + 1))
  done
}

image_label() { docker image inspect -f "{{index .Config.Labels \"$label\"}}" "$1" 2>/dev/null || :; }

# import IMAGE LABEL [--change CHANGE]...: from the files in $scratch/image
import() {
  image=$1
  stamp=$2
  shift 2
  old=$(docker image inspect -f '{{.Id}}' "$image" 2>/dev/null || :)
  tar -C "$scratch/image" --owner=0 --group=0 --numeric-owner -cf "$scratch/image.tar" .
  logged docker-import docker import --change "LABEL $label=$stamp" "$@" "$scratch/image.tar" "$image"
  rm -rf "$scratch/image" "$scratch/image.tar"
  [ -z "$old" ] || docker image rm "$old" >/dev/null 2>&1 || :
}

get_docker() {
  need docker 'the package docker.io (scripts/provision.sh apt)'
  docker_answers || start_docker
  get_otelcol
  version=$(module_digest otelcol)
  if [ "$(image_label "$otelcol_image")" != "$version" ]; then
    say "docker: making $otelcol_image"
    mkdir "$scratch/image"
    cp "$cache/otelcol-$version/otelcol" "$scratch/image/otelcol"
    import "$otelcol_image" "$version" \
      --change 'USER 10001' --change 'ENTRYPOINT ["/otelcol"]' --change 'EXPOSE 4317 4318'
  fi
  if [ -x /bin/busybox ]; then
    version=$(digest /bin/busybox)
    if [ "$(image_label "$busybox_image")" != "$version" ]; then
      say "docker: making $busybox_image"
      mkdir -p "$scratch/image/bin" "$scratch/image/etc" "$scratch/image/root" "$scratch/image/tmp"
      chmod 1777 "$scratch/image/tmp"
      echo 'root:x:0:0:root:/root:/bin/sh' >"$scratch/image/etc/passwd"
      cp /bin/busybox "$scratch/image/bin/busybox"
      for applet in $(/bin/busybox --list); do
        [ "$applet" = busybox ] || ln -s busybox "$scratch/image/bin/$applet"
      done
      import "$busybox_image" "$version" --change 'ENV PATH=/bin' --change 'CMD ["/bin/sh"]'
    fi
  fi
}

state_docker() {
  if ! command -v docker >/dev/null 2>&1; then
    echo missing
  elif ! docker_answers; then
    echo 'not running'
  else
    printf 'running %s' "$(docker version -f '{{.Server.Version}}')"
    for image in "$otelcol_image" "$busybox_image"; do
      [ -z "$(image_label "$image")" ] || printf ' %s' "$image"
    done
    echo
  fi
}

all='apt otelcol alloyfmt telemetrygen gitleaks node clis corpus openbao moto wine node-windows pwsh pwsh-wine docker'
[ "$#" -gt 0 ] || set -- all
wanted=
for argument; do
  case $argument in
    -h | --help)
      usage
      exit 0
      ;;
    all) wanted="$wanted $all" ;;
    apt | otelcol | alloyfmt | telemetrygen | gitleaks | node | clis | corpus | openbao | moto | wine | node-windows | pwsh | pwsh-wine | \
      docker | kube-apiserver)
      wanted="$wanted $argument"
      ;;
    status | docker-stop)
      [ "$#" = 1 ] || die "$argument stands alone"
      wanted=$argument
      ;;
    *)
      usage >&2
      exit 2
      ;;
  esac
done

case $wanted in
  status) wanted="$all kube-apiserver" ;;
  docker-stop)
    stop_docker
    wanted=docker
    ;;
  *)
    begin
    for part in $wanted; do "get_$(printf %s "$part" | tr - _)"; done
    ;;
esac

for part in $wanted; do
  printf 'part %s %s\n' "$part" "$("state_$(printf %s "$part" | tr - _)")"
done
