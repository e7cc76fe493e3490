# SPDX-License-Identifier: Apache-2.0
# A cluster on this machine, for ci/demo and ci/bench to source: a real S3 server and one agent a node, everything on
# 127.0.0.1 and under $work. Expects $root (the repository), $programs (where amfleet and amfleetd lie) and ${names[@]}.

bucket=backups
prefix=demo
storage=
agents=() made_places=()
declare -A key

say() { printf '\n== %s\n' "$*"; }

prepare_work() {  # prepare_work DIRECTORY-OR-EMPTY NAME
    if [ -z "$1" ]; then
        work=$(mktemp -d "/tmp/amfleet-$2.XXXXXX")
    else
        [ ! -e "$1" ] || [ -z "$(ls -A "$1")" ] || { echo "$2: '$1' is not empty" >&2; exit 2; }
        mkdir -p "$1"
        work=$(realpath "$1")
    fi
    chmod 755 "$work"
    export PATH="$programs:$root/.tools/venv/bin:$PATH"
    trap finish EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
}

# Whatever happened: no process is left, and a failure shows the end of every log.
finish() {
    local code=$? process log
    trap - EXIT INT TERM
    [ ${#agents[@]} = 0 ] || kill -TERM "${agents[@]}" 2>/dev/null || true
    for process in "${agents[@]}"; do
        for _ in $(seq 100); do kill -0 "$process" 2>/dev/null || break; sleep 0.1; done
        kill -KILL "$process" 2>/dev/null || true
    done
    # What it holds goes with $work: there is nothing to wait for.
    [ -z "$storage" ] || kill -KILL "$storage" 2>/dev/null || true
    wait 2>/dev/null || true
    if [ "$code" != 0 ]; then
        for log in "$work"/*.log "$work"/*/*.log; do
            [ -s "$log" ] && printf '\n-- the end of %s\n' "$log" && tail -n 15 "$log"
        done
        echo "$(basename "$0"): failed"
    fi >&2
    if [ -n "${keep:-}" ]; then echo "kept $work" >&2; else rm -rf "$work"; fi
    [ ${#made_places[@]} = 0 ] || rmdir "${made_places[@]}" 2>/dev/null || true
    exit "$code"
}

# Free ports P with P + 10000 free too: SeaweedFS opens a gRPC port 10,000 above each of its own. Agents take theirs minutes later: all lie
# below the kernel's range for outgoing connections, and where no test beside this has any (Tests/TestSupport/FreePort.swift).
choose_ports() {
    read -r -a ports < <(/usr/bin/python3 - "$((4 + 2 * ${#names[@]}))" <<'PYTHON'
import random, socket, sys
wanted, found, held = int(sys.argv[1]), [], []
def is_free(port):
    s = socket.socket()
    held.append(s)
    try:
        s.bind(("127.0.0.1", port))
    except OSError:
        return False
    return True
while len(found) < wanted:
    port = random.randrange(9500, 12000)
    if port not in found and is_free(port) and is_free(port + 10000):
        found.append(port)
print(*found)
PYTHON
    )
}

new_secret() { /usr/bin/python3 -c 'import secrets; print(secrets.token_hex(16))'; }

credentials() { printf '[default]\naws_access_key_id = %s\naws_secret_access_key = %s\n' "$1" "${key[$1]}"; }

# The coordinator may do everything; a node what Docs/OPERATIONS.md ("What they must allow") lets it.
identities() {
    local name own record ours action
    printf '{"identities": [\n  {"name": "coordinator", "credentials": [{"accessKey": "coordinator", "secretKey": "%s"}],\n' \
        "${key[coordinator]}"
    printf '   "actions": ["Admin", "Read", "Write", "List"]}'
    for name in "${names[@]}"; do
        own="$bucket/$prefix/$name/*"
        record="$bucket/$prefix/_amfleet/runs/*/nodes/$name.json"
        printf ',\n  {"name": "%s", "credentials": [{"accessKey": "%s", "secretKey": "%s"}], "actions": [' \
            "$name" "$name" "${key[$name]}"
        printf '"Read:%s", "Write:%s", "List:%s", "Read:%s", "Write:%s"' "$own" "$own" "$own" "$record" "$record"
        ours="$bucket/$prefix/_amfleet"
        for action in "Read:$ours/nodes/$name/*" "Write:$ours/nodes/$name/*" "List:$ours/nodes/$name/*" \
            "Read:$ours/offsets/$name/*" "Write:$ours/offsets/$name/*" "Read:$ours/cluster.json" \
            "Read:$ours/revoked.json" "Read:$ours/authorities/*" "List:$ours/authorities/*" \
            "Read:$ours/recovery/*"; do
            printf ', "%s"' "$action"
        done
        printf ']}'
    done
    printf '\n]}\n'
}

# A port may be taken between the look at it and its use: then others are tried.
start_storage() {
    local name
    for name in coordinator "${names[@]}"; do key[$name]=$(new_secret); done
    (umask 077 && identities >"$work/s3-identities.json")
    for _ in 1 2 3; do
        choose_ports
        ! serve_storage || return 0
        kill -KILL "$storage" 2>/dev/null || true
        rm -rf "$work/s3"
    done
    echo "the S3 server does not answer" >&2
    return 1
}

serve_storage() {
    mkdir "$work/s3"
    weed server -dir="$work/s3" -ip=127.0.0.1 -ip.bind=127.0.0.1 -master.port="${ports[0]}" \
        -volume.port="${ports[1]}" -filer -filer.port="${ports[2]}" -s3 -s3.port="${ports[3]}" \
        -s3.config="$work/s3-identities.json" -s3.port.iceberg=0 -s3.port.lance=0 -s3.iam=false -volume.max=100 \
        -master.volumeSizeLimitMB=1024 >"$work/s3.log" 2>&1 &
    storage=$!
    disown "$storage"
    endpoint=http://127.0.0.1:${ports[3]}
    for _ in $(seq 60); do
        s3 s3api create-bucket --bucket "$bucket" >/dev/null 2>&1 || true
        if echo ready | s3 s3 cp - "s3://$bucket/ready" >/dev/null 2>&1; then
            s3 s3 rm "s3://$bucket/ready" >/dev/null
            return 0
        fi
        kill -0 "$storage" 2>/dev/null || return 1
        sleep 1
    done
    return 1
}

# The AWS command line as the coordinator.
s3() {
    AWS_ACCESS_KEY_ID=coordinator AWS_SECRET_ACCESS_KEY=${key[coordinator]} AWS_DEFAULT_REGION=us-east-1 \
        AWS_MAX_ATTEMPTS=1 aws --endpoint-url "$endpoint" --cli-connect-timeout 2 --cli-read-timeout 60 "$@"
}

# What every amanda.conf here has in common: where its catalog and its volumes are, how its application is called.
common_configuration() {  # common_configuration NODE NAME DIRECTORY
    local node=$1 name=$2 directory=$3
    cat <<CONF
org "$name of $node"
dumpuser "backup"
runtapes 1
tapedev "my_s3"
tapetype S3
labelstr "^$name-[0-9][0-9]*\$"
autolabel "$name-%%%%" empty
infofile "$directory/curinfo"
logdir   "$directory"
indexdir "$directory/index"
tapelist "$directory/tapelist"

define changer my_s3 {
    tpchanger "chg-multi:s3:$bucket/$prefix/$node/$name/slot-{01..10}"
    device-property "S3_HOST" "${endpoint#http://}"
    device-property "S3_SSL" "NO"
    device-property "S3_SUBDOMAIN" "NO"
    device-property "S3_ACCESS_KEY" "$node"
    device-property "S3_SECRET_KEY" "${key[$node]}"
    device-property "NB_THREADS_BACKUP" "${threads:-4}"
    device-property "NB_THREADS_RECOVERY" "${threads:-4}"
    device-property "S3_MULTI_PART_UPLOAD" "YES"
    changerfile "s3-statefile"
}
define application-tool app_amgtar {
    plugin "amgtar"
    property "XATTRS" "YES"
    property "GNUTAR-LISTDIR" "$directory/gnutar-lists"
}
define tapetype S3 {
    length 500 gigabytes
    part_size 50 gigabytes
    part_cache_type none
    blocksize 10 megabytes
}
CONF
}

configuration() {  # configuration NODE NAME COMPRESS DISK...
    local node=$1 name=$2 compress=$3 directory=$work/$1/etc/amanda/$2 disk
    shift 3
    mkdir -p "$directory"
    {
        common_configuration "$node" "$name" "$directory"
        cat <<CONF
inparallel 1
dumpcycle 0
runspercycle 1
tapecycle 3 tapes
define dumptype archive {
    program "APPLICATION"
    application "app_amgtar"
    auth "local"
    compress $compress
    index yes
    record no
}
CONF
    } >"$directory/amanda.conf"
    for disk in "$@"; do echo "localhost $disk archive"; done >"$directory/disklist"
    : >"$directory/tapelist"
    chown -R backup:backup "$directory"
    chmod 750 "$directory"
    chmod 600 "$directory"/*
}

# The coordinator's settings and each node's identity, in the places that the agents below are started from.
found_cluster() {
    local i node
    mkdir "$work/coordinator"
    cd "$work/coordinator"
    amfleet init demo --bucket "$bucket" --prefix "$prefix" --region us-east-1 --endpoint "$endpoint" \
        --self amanda-server --data vertica
    (umask 077 && credentials coordinator >s3-credentials)
    change_json cluster.json 'settings["storage"]["credentialsFile"] = "s3-credentials"'
    for i in "${!names[@]}"; do
        node=${names[$i]}
        amfleet node add "$node" "127.0.0.1:${ports[$((4 + i))]}"
        cp -r "nodes/$node" "$work/$node/agent"
        (umask 077 && credentials "$node" >"$work/$node/agent/s3-credentials")
        change_json "$work/$node/agent/agent.json" \
            "settings['amandaDirectory'] = '$work/$node/etc/amanda'; settings['stateDirectory'] = '$work/$node/state'"
    done
}

change_json() {  # change_json FILE PYTHON-STATEMENT
    /usr/bin/python3 - "$1" "$2" <<'PYTHON'
import json, sys
settings = json.load(open(sys.argv[1]))
exec(sys.argv[2])
json.dump(settings, open(sys.argv[1], "w"), indent=2)
PYTHON
}

start_agents() {
    local node
    for node in "${names[@]}"; do
        amfleetd --config "$work/$node/agent/agent.json" >"$work/$node/agent.log" 2>&1 &
        agents+=($!)
    done
    for node in "${names[@]}"; do
        for _ in $(seq 600); do
            grep -q 'listening on' "$work/$node/agent.log" && continue 2
            sleep 0.2
        done
        echo "the agent of $node does not start" >&2
        return 1
    done
}

stop_agents() {
    local agent
    kill -TERM "${agents[@]}"
    for agent in "${agents[@]}"; do wait "$agent" || true; done
    agents=()
}
