#!/usr/bin/env bash
# A LAN of several hosts inside one machine, made of Linux namespaces. Needs root, iproute2, util-linux and nftables.
#   testbed.sh run [-n HOSTS] [--] COMMAND...   builds it, runs COMMAND on the host "server", takes it down (also after kill -9)
# Everything hangs on one outer unshare (net, mount, pid, uts). When its first process ends, the kernel ends every process in it
# and removes every cable, network and mount. The network of the caller is not touched, and no route leads out.
# COMMAND, and whatever runs on a host, uses these verbs through $TB:
#   $TB hosts | ip H | exec H CMD.. | spawn H NAME CMD..   spawn: in the background, log in $TB_DIR/H.NAME.log, prints the pid
#   $TB cut H | heal H               pulls the cable, puts it back
#   $TB poweroff H | poweron H       kills all processes of the host without a word to its peers; an empty host comes back
#   $TB freeze H | thaw H            SIGSTOP and SIGCONT to all its processes, as a stalled virtual machine
#   $TB partition A,B C,D..          these groups do not hear each other    $TB oneway A B    B does not hear A
#   $TB loss H PERCENT               loses packets at random, both ways     $TB block H PORT  nothing reaches that port of H
#   $TB rate H KBIT                  slows down what H sends                $TB fair H KBIT  the same, with connections side by side
#   $TB wire H DELAY_MS [JITTER_MS] [LOSS_PCT] [DUP_PCT]
#   $TB faults                       lists what is broken                   $TB healall       mends all cables (what is off stays off)
set -euo pipefail
N=${TB_HOSTS:-4}; NET=${TB_NET:-10.77.0}
SELF=$(readlink -f "${BASH_SOURCE[0]}"); HERE=$(dirname "$SELF")
die() { echo "testbed: $*" >&2; exit 1; }
port() { echo "p-$1"; }
pidof_host() { cat "$TB_DIR/$1.pid"; }
boot_host() { # H : processes, host name, ipc and mounts of its own; private /run, /etc/hosts and /etc/hostname
  local h=$1 ip=$2
  ip netns exec "$h" unshare --uts --ipc --pid --mount --fork --kill-child=SIGKILL --mount-proc \
    bash -c "hostname $h; mkdir -p $TB_DIR/fs/$h/{run,var}; mount --bind $TB_DIR/fs/$h/run /run; mkdir -p /run/sshd /run/dbus /run/avahi-daemon
             echo $h > $TB_DIR/fs/$h/hostname; mount --bind $TB_DIR/fs/$h/hostname /etc/hostname 2>/dev/null || true
             mount --bind $TB_DIR/hosts /etc/hosts; exec sleep infinity" >"$TB_DIR/$h.init.log" 2>&1 &
  local un=$! c=
  for _ in $(seq 200); do c=$(pgrep -P $un 2>/dev/null | head -1 || true)
    [ -n "$c" ] && [ "$(tr '\0' ' ' </proc/$c/cmdline 2>/dev/null)" = "sleep infinity " ] && break; sleep 0.01; done
  [ -n "$c" ] || die "host $h did not boot: $(cat $TB_DIR/$h.init.log)"
  echo "$c" >"$TB_DIR/$h.pid"; echo "$un" >"$TB_DIR/$h.un"
}

plug_host() { # H IP : a fresh network and a cable to the bridge
  local h=$1 ip=$2
  ip netns add "$h"
  ip link add "$(port "$h")" type veth peer name eth0 netns "$h"
  ip -n "$h" link set eth0 address "$(printf '02:7b:00:00:00:%02x' "${ip##*.}")"   # a host keeps its MAC over a power cycle: its peers remember it for seconds
  ip link set "$(port "$h")" master br0 up
  ip -n "$h" link set lo up
  ip netns exec "$h" sysctl -qw net.ipv6.conf.eth0.accept_dad=0 net.ipv6.conf.default.accept_dad=0 2>/dev/null || true  # or IPv6 is of no use for the first second or two
  ip -n "$h" addr add "$ip/24" brd + dev eth0; ip -n "$h" link set eth0 up
  ip -n "$h" route add 224.0.0.0/4 dev eth0    # without a default route multicast would be refused
}

up() {
  mount -t tmpfs tmpfs /run; mkdir -p /run/netns
  ip link set lo up
  ip link add br0 type bridge mcast_snooping 0 forward_delay 0 stp_state 0; ip link set br0 up   # nobody asks for groups here, so a snooping bridge would swallow multicast
  nft -f - <<'NFT'
table bridge tb {
  set cutpair { type ifname . ifname; }
  chain faults { }
  chain wires { type filter hook forward priority 0; policy accept;
    iifname . oifname @cutpair drop
    jump faults
  }
}
NFT
  local i=0 h ip; : >"$TB_DIR/hosts"; echo "127.0.0.1 localhost" >>"$TB_DIR/hosts"
  for h in server $(seq -f 'node%g' 1 "$N"); do
    [ "$h" = server ] && ip=$NET.1 || ip=$NET.$((10 + ${h#node})); echo "$ip $h" >>"$TB_DIR/hosts"; done
  for h in server $(seq -f 'node%g' 1 "$N"); do
    ip=$(awk -v h="$h" '$2==h{print $1}' "$TB_DIR/hosts")
    plug_host "$h" "$ip"; boot_host "$h" "$ip"
  done
  echo "$(seq -f 'node%g' 1 "$N" | tr '\n' ' ')" >"$TB_DIR/names"
}

# COMMAND lives in the network of "server"; the verbs that break things work in that of the bridge, which is pid 1's
in_outer() { exec nsenter -t 1 -n -u -- "$SELF" __outer "$@"; }

verb() {
  local v=$1; shift
  case $v in
    hosts) cat "$TB_DIR/names";;
    ip) awk -v h="$1" '$2==h{print $1}' "$TB_DIR/hosts";;
    exec) local h=$1; shift; exec nsenter -t "$(pidof_host "$h")" -a --wd="$PWD" -- "$@";;
    spawn) local h=$1 n=$2; shift 2; setsid nsenter -t "$(pidof_host "$h")" -a --wd="$PWD" -- "$@" >"$TB_DIR/$h.$n.log" 2>&1 </dev/null & echo $! | tee "$TB_DIR/$h.$n.spid";;
    cut) ip link set "$(port "$1")" down;;
    heal) ip link set "$(port "$1")" up;;
    poweroff) # the cable first, or the kernel would still close connections politely
      ip link set "$(port "$1")" down; kill -9 "$(pidof_host "$1")"; ip link del "$(port "$1")"; ip netns del "$1";;
    poweron) plug_host "$1" "$(awk -v h="$1" '$2==h{print $1}' "$TB_DIR/hosts")"; boot_host "$1" "$(awk -v h="$1" '$2==h{print $1}' "$TB_DIR/hosts")";;
    freeze|thaw) local s=STOP p; [ "$v" = thaw ] && s=CONT
      local ns; ns=$(readlink /proc/"$(pidof_host "$1")"/ns/pid)
      for p in /proc/[0-9]*; do [ "$(readlink "$p/ns/pid" 2>/dev/null)" = "$ns" ] && kill -$s "${p#/proc/}" 2>/dev/null || true; done;;
    partition) local a b x y; local -a g=("$@")
      for ((a=0;a<${#g[@]};a++)); do for ((b=0;b<${#g[@]};b++)); do [ $a = $b ] && continue
        for x in ${g[a]//,/ }; do for y in ${g[b]//,/ }; do nft add element bridge tb cutpair "{ \"$(port $x)\" . \"$(port $y)\" }"; done; done; done; done;;
    oneway) nft add element bridge tb cutpair "{ \"$(port "$1")\" . \"$(port "$2")\" }";;
    loss) nft add rule bridge tb faults iifname "$(port "$1")" numgen random mod 1000 \< $(( $2 * 10 )) drop
          nft add rule bridge tb faults oifname "$(port "$1")" numgen random mod 1000 \< $(( $2 * 10 )) drop;;
    block) nft add rule bridge tb faults oifname "$(port "$1")" meta l4proto "{ tcp, udp }" th dport "$2" drop;;
    rate) ip netns exec "$1" tc qdisc replace dev eth0 root tbf rate "${2}kbit" burst 32kb latency 400ms;;
    fair) fair "$1" "$2";;
    wire) if ip netns exec "$1" tc qdisc replace dev eth0 root netem delay "${2}ms" "${3:-0}ms" loss "${4:-0}%" duplicate "${5:-0}%" 2>/dev/null; then echo netem
          else wire_user "$@"; echo "user-space wire"; fi;;
    faults) nft list table bridge tb; ls "$TB_DIR"/*.wire 2>/dev/null || true;;
    healall) nft flush set bridge tb cutpair; nft flush chain bridge tb faults
      local h f; for h in server $(cat "$TB_DIR/names"); do ip link set "$(port $h)" up 2>/dev/null || continue; ip netns exec $h tc qdisc del dev eth0 root 2>/dev/null || true; done
      for f in "$TB_DIR"/*.wire; do [ -e "$f" ] || continue; h=$(basename "$f" .wire); kill "$(cat "$f")" 2>/dev/null || true; rm -f "$f"
        ip link set "$(port $h)" nomaster; ip link del "w-$h" 2>/dev/null || true; ip link set "$(port $h)" master br0; done;;
    *) die "unknown verb $v";;
  esac
}

fair() { # H KBIT : what fq_codel does, where the kernel has none: a queue for each connection (by a hash), whoever sends little goes first
  local c
  { echo "qdisc replace dev eth0 root handle 1: htb"
    echo "class add dev eth0 parent 1: classid 1:1 htb rate ${2}kbit burst 128kb cburst 128kb quantum 4000"
    for c in $(seq 1 1024); do printf 'class add dev eth0 parent 1:1 classid 1:%x htb rate %skbit ceil %skbit burst 32kb quantum 4000\n' $(( c + 0xfff )) $(( $2 / 1024 )) "$2"; done
  } | ip netns exec "$1" tc -batch -
  ip netns exec "$1" nft "add table inet fair; add chain inet fair out { type filter hook output priority 0; }
    add rule inet fair out oifname eth0 meta l4proto tcp meta priority set jhash tcp sport . tcp dport mod 1024 seed 0x5eed offset 0x11000"
}

wire_user() { # no netem in this kernel: wire.py stands between the host's port and the bridge
  local h=$1 p; p=$(port "$1")
  if [ -e "$TB_DIR/$h.wire" ]; then kill "$(cat "$TB_DIR/$h.wire")" 2>/dev/null || true; else
    ip link set "$p" nomaster
    ip link add "w-$h" type veth peer name "x-$h"; ip link set "w-$h" master br0 up; ip link set "x-$h" up
    # packets must be as they are on a cable: checksums done, no oversized frames
    for i in "$p" "w-$h" "x-$h"; do ethtool -K "$i" tx off tso off gso off gro off >/dev/null; done
    for k in server $(cat "$TB_DIR/names"); do ip netns exec "$k" ethtool -K eth0 tx off tso off gso off gro off >/dev/null; done
  fi
  setsid python3 "$HERE/wire.py" "$p" "x-$h" "${2:-0}" "${3:-0}" "${4:-0}" "${5:-0}" >"$TB_DIR/$h.wire.log" 2>&1 </dev/null & echo $! >"$TB_DIR/$h.wire"
  sleep 0.2
}

case ${1:-} in
  run) shift; while [ $# -gt 0 ]; do case $1 in -n) N=$2; shift 2;; --) shift; break;; *) break;; esac; done
    [ $# -gt 0 ] || die "run needs a command"; [ "$(id -u)" = 0 ] || die "needs root (sudo)"
    export TB=$SELF TB_HOSTS=$N TB_NET=$NET TB_DIR=/mnt TB_LOGS=${TB_LOGS:-}   # /mnt: an empty file system that only the bed sees
    # exec: this process becomes unshare, so that killing it takes the whole bed along
    exec unshare --net --mount --pid --uts --fork --kill-child=SIGKILL --mount-proc "$SELF" __inner "$@";;
  __inner) shift; mount --make-rprivate /; mount -t tmpfs -o mode=755 tmpfs "$TB_DIR"; up; set +e
    nsenter -t "$(pidof_host server)" -n -u -- "$@"; rc=$?   # COMMAND may see and signal the processes of every host
    [ -z "$TB_LOGS" ] || { mkdir -p "$TB_LOGS"; cp "$TB_DIR"/*.log "$TB_LOGS"/ 2>/dev/null; }
    exit $rc;;
  __outer) shift; verb "$@";;
  hosts|ip|exec) [ -n "${TB_DIR:-}" ] || die "not in a test bed"; verb "$@";;
  "") sed -n 2,14p "$SELF"; exit 2;;
  *) [ -n "${TB_DIR:-}" ] || die "not in a test bed"; in_outer "$@";;
esac
