# SPDX-License-Identifier: Apache-2.0
# The worst day, for ci/demo --disaster to source: everything is lost but the bucket and the recovery kit. What brings it
# back are the commands of Docs/DISASTER.md, as they stand there.

page=$root/Docs/DISASTER.md

# The blocks of the page with a mark, in order, each as a file $work/page/NN-MARK.
take_page_apart() {
    mkdir "$work/page"
    awk -v into="$work/page" '
        /^<!-- (run|drill): [a-z]+ -->$/ { mark = $2 $3; sub(":", "-", mark); next }
        /^```sh$/ && mark != "" { file = sprintf("%s/%02d-%s", into, ++count, mark); print "set -eu" >file; next }
        /^```$/ && file != "" { close(file); file = mark = ""; next }
        file != "" { print >file }
    ' "$page"
}

# Runs a block as it stands, with the error of whichever line fails.
follow_page() {  # follow_page MACHINE BLOCK
    echo
    sed '1d; s/^/   $ /' "$work/page/$2"
    (on_machine "$1" env NODE="$1" PATH="$PATH" bash "$work/page/$2")
}

describe_node() {  # describe_node NODE: everything that must come back as it was
    local top=$work/$1 file
    "$root/ci/tree" describe "$top/srv/data"
    "$root/ci/tree" describe "$top/etc/amanda/vertica"
    for file in etc/amanda-security.conf etc/amanda/*/amanda.conf etc/amanda/*/disklist etc/amfleet/s3-credentials \
        var/backups/.am_passphrase var/backups/.gnupg/am_key.gpg; do
        (cd "$top" && for found in $file; do
            [ ! -e "$found" ] || stat -c '%n %a %U:%G %s' "$found" && [ ! -e "$found" ] || sha256sum "$found"
        done)
    done
}

give_address() {  # give_address NODE PORT-INDEX
    printf '127.0.0.1:%s' "${ports[$2]}"
}

# Each node's folder of identity, as an administrator copies it; nothing else.
copy_folders() {
    local node
    for node in "${names[@]}"; do
        mkdir -p "$work/$node/etc/amfleet"
        cp -r "$work/coordinator/etc/amfleet/nodes/$node/." "$work/$node/etc/amfleet"
    done
}

start_daemons() {
    local node
    for node in "${names[@]}"; do start_daemon "$node"; done
    await_daemons
}

disaster() {
    local i node files bytes began first='' code
    take_page_apart
    prefix=demo
    say "an S3 server, with an identity for the coordinator and one for each node, confined to its own prefix"
    start_storage

    say "$nodes nodes and a coordinator, each with an /etc, a home and data of its own"
    make_machine coordinator
    for i in "${!names[@]}"; do
        node=${names[$i]}
        make_machine "$node"
        "$root/ci/tree" make "$work/$node/srv/data" --share "$i/$nodes" --bytes "$tree_bytes"
        if [ -n "$data" ]; then cp -a -- "$data" "$work/$node/srv/data/extra"; fi
        node_configurations "$node" "$([ "$i" = 0 ] && echo encrypted || echo plain)"
    done

    say "amfleet init, amfleet node add, amfleet key create"
    mkdir -p "$work/coordinator/root/.aws" "$work/coordinator/etc/amfleet"
    (umask 077 && credentials coordinator >"$work/coordinator/root/.aws/credentials")
    (umask 077 && credentials coordinator >"$work/coordinator/etc/amfleet/s3-credentials")
    coordinator amfleet init demo --bucket "$bucket" --prefix "$prefix" --region us-east-1 --endpoint "$endpoint" \
        --self amanda-server --data vertica --credentials-file s3-credentials --recovery-key /root/recovery-kit.txt
    for i in "${!names[@]}"; do
        node=${names[$i]}
        coordinator amfleet node add "$node" "127.0.0.1:${ports[$((4 + i))]}"
    done
    copy_folders
    for node in "${names[@]}"; do (umask 077 && credentials "$node" >"$work/$node/etc/amfleet/s3-credentials"); done
    start_daemons
    coordinator amfleet key create --node "${names[0]}" --configuration vertica

    say "amfleet backup: everything, and then what has changed"
    coordinator amfleet backup
    for node in "${names[@]}"; do
        echo "changed on $node" >"$work/$node/srv/data/changed"
        rm -r "$work/$node/srv/data/odd/empty"
        mv "$work/$node/srv/data/odd/plain" "$work/$node/srv/data/odd/renamed"
    done
    coordinator amfleet backup

    say "amfleet status"
    coordinator amfleet status

    say "the drill of Docs/DISASTER.md"
    for block in "$work"/page/*-drill-*; do follow_page coordinator "$(basename "$block")"; done
    for node in "${names[@]}"; do rm -rf "$work/$node/srv/drill"; done

    say "the disaster: nothing is left but the bucket and the kit"
    local trees=()
    for node in "${names[@]}"; do
        describe_node "$node" >"$work/$node.before"
        trees+=("$work/$node/srv/data")
    done
    read -r files bytes < <("$root/ci/tree" count "${trees[@]}")
    stop_agents
    mv "$work/coordinator/root/recovery-kit.txt" "$work/kit"
    rm -rf "$work/coordinator" "${names[@]/#/$work/}"
    ls "$work"

    say "new machines, at new addresses"
    make_machine coordinator
    mkdir "$work/coordinator/root/.aws"
    mv "$work/kit" "$work/coordinator/root/recovery-kit.txt"
    (umask 077 && credentials coordinator >"$work/coordinator/root/.aws/credentials")
    for i in "${!names[@]}"; do
        make_machine "${names[$i]}"
    done

    say "Docs/DISASTER.md"
    began=$(now)
    follow_page coordinator "$(block 1)"
    for i in "${!names[@]}"; do
        echo "${names[$i]} 127.0.0.1:${ports[$((4 + nodes + i))]}"
    done | tee "$work/coordinator/etc/amfleet/nodes.txt"
    follow_page coordinator "$(block 2)"
    copy_folders
    start_daemons
    follow_page coordinator "$(block 3)"
    await_first_byte &
    first=$!
    follow_page coordinator "$(block 4)"
    wait "$first" || true
    echo
    echo "the first restored byte after $(elapsed "$began" "$(cat "$work/first")") s, all of it after $(elapsed "$began" "$(now)") s"

    say "comparing content, owners, modes, times, attributes, links and keys"
    for node in "${names[@]}"; do
        describe_node "$node" >"$work/$node.after"
        diff "$work/$node.before" "$work/$node.after" >"$work/$node.difference" || {
            echo "demo: $node came back changed:" >&2
            head -n 20 "$work/$node.difference" >&2
            exit 1
        }
    done

    say "stock amfetchdump reads a dump of each node"
    for node in "${names[@]}"; do
        fetch "$node"
    done

    say "the cluster goes on"
    follow_page coordinator "$(block 5)"
    stop_agents

    say "one node more is lost, and comes back without a coordinator"
    node=${names[0]}
    rm -rf "$work/$node"
    make_machine "$node"
    mkdir "$work/$node/root/.aws"
    cp "$work/coordinator/root/recovery-kit.txt" "$work/$node/root"
    (umask 077 && credentials "$node" >"$work/$node/root/.aws/credentials")
    follow_page "$node" "$(block 6)"
    fetch "$node"
    echo
    echo "demo: $nodes nodes, $files files, $bytes bytes, restored identical"
}

coordinator() { (on_machine coordinator "$@"); }
block() { basename "$(ls "$work/page/"*-run-* | sed -n "$1p")"; }
now() { date +%s.%N; }
elapsed() { /usr/bin/python3 -c 'import sys; print(f"{float(sys.argv[2]) - float(sys.argv[1]):.1f}")' "$1" "$2"; }

await_first_byte() {
    until [ -n "$(find "$work"/node*/srv -type f -print -quit 2>/dev/null)" ]; do sleep 0.05; done
    now >"$work/first"
}

fetch() {  # fetch NODE: stock Amanda's own command, with the newest dump that its catalog knows
    local datestamp
    datestamp=$(on_machine "$1" runuser -u backup -- /usr/sbin/amadmin vertica find localhost /srv/data \
        | sed -n 's/^\([0-9]\{4\}\)-\([0-9][0-9]\)-\([0-9][0-9]\) \([0-9][0-9]\):\([0-9][0-9]\):\([0-9][0-9]\) .*/\1\2\3\4\5\6/p' \
        | sort | head -n 1)
    (on_machine "$1" runuser -u backup -- /usr/sbin/amfetchdump -p vertica localhost '^/srv/data$' "$datestamp") \
        >"$work/$1.tar" 2>"$work/$1.fetch.log"
    echo "$1: dump $datestamp, $(tar -tf "$work/$1.tar" | wc -l) entries, $(stat -c %s "$work/$1.tar") bytes"
    rm "$work/$1.tar"
}
