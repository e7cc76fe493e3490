# SPDX-License-Identifier: Apache-2.0
# Machines of a cluster on this one, for ci/demo --disaster to source: each has an /etc, a /root, a /srv, a /var/backups and a
# /var/lib/amfleet of its own (a mount namespace), so that every program runs with the paths that it has on a real machine.
# Expects what ci/cluster.sh expects, sourced after it.

machine_places=(etc root srv var/backups var/lib/amfleet)
# Those that this machine lacks are made, to be mounted over, and go again with everything else.
made_places=()
for place in "${machine_places[@]}"; do [ -d "/$place" ] || made_places+=("/$place"); done

# A machine as a package manager leaves it: this one's /etc without anything of ours or of Amanda's configurations.
make_machine() {  # make_machine NAME
    local place top=$work/$1
    for place in "${machine_places[@]}"; do mkdir -p "$top/$place"; done
    cp -a /etc/. "$top/etc"
    rm -rf "$top/etc/amfleet" "$top/etc/amanda" "$top/etc/amanda-security.conf"
    chmod 700 "$top/root"
}

on_machine() {  # on_machine NAME COMMAND...: becomes the command, on that machine
    local place
    for place in "${machine_places[@]}"; do [ -d "/$place" ] || mkdir -p "/$place"; done
    exec unshare --mount --propagation private sh -c '
        top=$1; shift
        while [ "$1" != -- ]; do mount --bind "$top/$1" "/$1"; shift; done
        shift; cd /etc/amfleet 2>/dev/null || cd /; HOME=/root; export HOME; exec "$@"' sh "$work/$1" "${machine_places[@]}" -- "${@:2}"
}

start_daemon() {  # start_daemon NODE
    on_machine "$1" amfleetd >"$work/$1.log" 2>&1 &
    agents+=($!)
}

await_daemons() {
    local node
    for node in "${names[@]}"; do
        for _ in $(seq 600); do
            grep -q 'listening on' "$work/$node.log" && continue 2
            sleep 0.2
        done
        echo "the agent of $node does not start" >&2
        return 1
    done
}

# What an administrator writes on a node: the data configuration, one disk of it with increments, and the self-backup.
node_configurations() {  # node_configurations NODE DUMPTYPE
    local node=$1 directory
    for name in vertica amanda-server; do
        directory=/etc/amanda/$name
        mkdir -p "$work/$node$directory"
        {
            common_configuration "$node" "$name" "$directory"
            cat <<CONF
inparallel 2
dumpcycle $([ $name = vertica ] && echo 7 days || echo 0)
runspercycle $([ $name = vertica ] && echo 7 || echo 1)
bumpsize 1 kbytes
bumpdays 1
bumpmult 1
tapecycle 9 tapes
define dumptype plain {
    program "APPLICATION"
    application "app_amgtar"
    auth "local"
    compress client fast
    index yes
}
define dumptype encrypted {
    plain
    encrypt server
    server_encrypt "/usr/sbin/amcrypt"
    server_decrypt_option "-d"
}
define dumptype own {
    plain
    compress none
    record no
    exclude "./amfleet" "./shadow" "./shadow-" "./gshadow" "./gshadow-"
}
CONF
        } >"$work/$node$directory/amanda.conf"
    done
    echo "localhost /srv/data $2" >"$work/$node/etc/amanda/vertica/disklist"
    echo "localhost /etc own" >"$work/$node/etc/amanda/amanda-server/disklist"
    for name in vertica amanda-server; do : >"$work/$node/etc/amanda/$name/tapelist"; done
    echo "amgtar:gnutar_path=/usr/bin/tar" >"$work/$node/etc/amanda-security.conf"
    chown -R backup:backup "$work/$node/etc/amanda"
    chmod 750 "$work/$node"/etc/amanda/*
    chmod 600 "$work/$node"/etc/amanda/*/*
}
