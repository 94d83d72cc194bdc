# Shared by up, down and the tests that need a running platform. Source it; set STATE first.
# Everything started is a process group of its own, with its pid in $STATE/pid/NAME and its output in $STATE/log/NAME.log.
repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
export ATTACH_CACHE=${ATTACH_CACHE:-$repo/.state/cache}
BIN=${BIN:-$repo/build/release/bin}
SERVICES="intake identity policy attachment capacity notification"

say() { printf '%s\n' "$*"; }
die() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

port_is_free() { ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
need_port() { port_is_free "$1" || die "port $1 is in use (wanted for $2): stop what listens there, or choose other ports with --port-base"; }

# free_port_base COUNT: print a base port such that base .. base+COUNT-1 are free now
free_port_base() {
    local base i
    for base in $(seq 21000 100 29900 | shuf); do
        for i in $(seq 0 $(($1 - 1))); do port_is_free $((base + i)) || continue 2; done
        echo "$base"
        return
    done
    return 1
}

# The interval of a poll, without a process of its own.
poll_pause() { read -rt 0.1 <> <(:) || true; }

# wait_for SECONDS WHAT COMMAND...: until the command succeeds
wait_for() {
    local limit=$1 what=$2 end
    shift 2
    end=$((SECONDS + limit))
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $end ] || die "$what did not come up in $limit s; see $STATE/log"
        poll_pause
    done
}

alive() { [ -f "$STATE/pid/$1" ] && kill -0 "$(cat "$STATE/pid/$1")" 2>/dev/null; }

# Why a part ended: the last error of its log, or its last line.
last_words() {
    local log=$STATE/log/$1.log line
    line=$(grep '"level":"error"' "$log" | tail -n 1 | jq -r '"\(.id) \(.msg)"' 2>/dev/null) || true
    printf '%s' "${line:-$(tail -n 1 "$log")}"
}
need_alive() { alive "$1" || die "$1 has ended: $(last_words "$1") (see $STATE/log/$1.log)"; }
# All that was started lives; Kafka has a pid file of its own.
need_all_alive() {
    local name
    for name in $(ls "$STATE/pid"); do need_alive "$name"; done
}
# wait_part SECONDS WHAT NAME COMMAND...: as wait_for, but not for a part that has ended
wait_part() {
    local limit=$1 what=$2 name=$3 end
    shift 3
    end=$((SECONDS + limit))
    until "$@" >/dev/null 2>&1; do
        need_alive "$name"
        [ $SECONDS -lt $end ] || die "$what did not come up in $limit s; see $STATE/log/$name.log"
        poll_pause
    done
}

# start NAME COMMAND...
start() {
    local name=$1
    shift
    mkdir -p "$STATE/pid" "$STATE/log"
    setsid "$@" >>"$STATE/log/$name.log" 2>&1 </dev/null &
    echo $! >"$STATE/pid/$name"
}

# stop NAME [SIGNAL]: ask, wait, insist
stop() {
    local pid end
    [ -f "$STATE/pid/$1" ] || return 0
    pid=$(cat "$STATE/pid/$1")
    kill "-${2:-TERM}" -- "-$pid" 2>/dev/null || kill "-${2:-TERM}" "$pid" 2>/dev/null || true
    end=$((SECONDS + 20))
    while kill -0 "$pid" 2>/dev/null && [ $SECONDS -lt $end ]; do poll_pause; done
    kill -KILL -- "-$pid" 2>/dev/null || true
    rm -f "$STATE/pid/$1"
}

stop_all() {
    local name pid
    [ -d "$STATE/pid" ] || return 0
    # Doors first, then services all at once, then the parts under them.
    for name in $(ls "$STATE/pid"); do
        case $name in kafka | redis | redis-tunnel | smtp | smsc) continue ;; esac
        pid=$(cat "$STATE/pid/$name")
        kill -CONT -- "-$pid" 2>/dev/null || true
        kill -TERM -- "-$pid" 2>/dev/null || true
    done
    for name in $(ls "$STATE/pid"); do
        case $name in kafka | redis | redis-tunnel | smtp | smsc) ;; *) stop "$name" ;; esac
    done
    for name in smsc smtp redis-tunnel redis; do stop "$name"; done
    [ ! -d "$STATE/kafka" ] || "$repo/deploy/local/kafka" stop --dir "$STATE/kafka" || true
}

http_ok() { curl -fsS -m 2 -o /dev/null "http://127.0.0.1:$1$2"; }
tcp_open() { ! port_is_free "$1"; }

build_release() {
    (cd "$repo" && cmake --preset release && cmake --build --preset release) >"$STATE/log/build.log" 2>&1 ||
        { tail -n 15 "$STATE/log/build.log" >&2; die "the build failed; see $STATE/log/build.log"; }
}

# --- ports of the parts, from one base ---
set_ports() {
    PORT_BASE=$1
    HTTP_PORT=$PORT_BASE KAFKA_PORT=$((PORT_BASE + 1)) REDIS_PORT=$((PORT_BASE + 2))
    SMTP_PORT=$((PORT_BASE + 3)) SMSC_PORT=$((PORT_BASE + 4))
    BOOTSTRAP=${BOOTSTRAP:-127.0.0.1:$KAFKA_PORT}
    REDIS_URL=${REDIS_URL:-redis://127.0.0.1:$REDIS_PORT/0}
    # shellcheck source=deploy/local/secure.sh
    [ -z "${SECURE:-}" ] || . "$repo/deploy/local/secure.sh"
}
# admin_port NAME INSTANCE
admin_port() {
    local i=0 name
    for name in $SERVICES gateway; do
        [ "$name" = "$1" ] && break
        i=$((i + 1))
    done
    echo $((PORT_BASE + 10 + i + 10 * $2))
}

start_redis() {
    [ -z "${SECURE:-}" ] || { start_secure_redis; return; }
    mkdir -p "$STATE/redis"
    start redis redis-server --bind 127.0.0.1 --port "$REDIS_PORT" --dir "$STATE/redis" --save '' --appendonly no \
        --maxmemory-policy noeviction --hash-max-listpack-value 1024 --hash-max-listpack-entries 512 --daemonize no
    wait_part 10 Redis redis redis-cli -p "$REDIS_PORT" ping
}
start_smtp() {
    start smtp python3 "$repo/deploy/local/smtp_sink.py" --dir "$STATE/smtp" --port "$SMTP_PORT"
    wait_part 20 "the SMTP server" smtp tcp_open "$SMTP_PORT"
}
start_smsc() {
    start smsc "$repo/deploy/local/smsc" --dir "$STATE/smsc" --port "$SMSC_PORT"
    wait_part 40 "the SMSC" smsc tcp_open "$SMSC_PORT"
}
start_sinks() {
    start_smsc
    start_smtp
}

# write_conf: one INI for all services, keyrings by role; options differing by process are given on the command line
write_conf() {
    mkdir -p "$STATE/conf"
    [ -f "$STATE/keys/full.ini" ] || "$BIN/attachctl" keys new --out "$STATE/keys"
    cat >"$STATE/conf/service.ini" <<INI
rules.dir = $repo/deploy/rules
calendar.dir = $repo/deploy/calendar
keyring.file = $STATE/keys/public.ini
topics.partitions = ${PARTITIONS:-6}
time.source = ${TIME_SOURCE:-record}
log.level = info
[kafka]
bootstrap.servers = $BOOTSTRAP
[store]
url = $REDIS_URL
INI
    [ -z "${SECURE:-}" ] || secure_conf "$STATE/conf/service.ini"
    sed "s|^keyring.file = .*|keyring.file = $STATE/keys/seal.ini|" "$STATE/conf/service.ini" >"$STATE/conf/sealed.ini"
    sed -e "s|^keyring.file = .*|keyring.file = $STATE/keys/operator.ini|" -e '/^time.source/d' "$STATE/conf/service.ini" >"$STATE/conf/operator.ini"
    [ -z "${SECURE:-}" ] || add_user "$STATE/conf/operator.ini" operator
    cp "$STATE/conf/sealed.ini" "$STATE/conf/notification.ini"
    cp "$STATE/conf/sealed.ini" "$STATE/conf/intake.ini"
    # Scenarios have their own dates: what they closed must not be forgotten by the clock on the wall.
    [ "${TIME_SOURCE:-record}" = record ] || sed -i "/^\\[kafka\\]/i retention.closed = 3650d" "$STATE/conf/intake.ini"
    [ "${TIME_SOURCE:-record}" = record ] || sed -i "/^\\[kafka\\]/i notice.retention.ms = 3650d" "$STATE/conf/notification.ini"
    sed -i "/^\[kafka\]/i templates.dir = $repo/deploy/templates" "$STATE/conf/notification.ini"
    cat >>"$STATE/conf/notification.ini" <<INI
[smtp]
url = smtp://127.0.0.1:$SMTP_PORT
user = platform
password_file = $STATE/smtp/password
ca_file = $STATE/smtp/cert.pem
from = noreply@clinic.example
[sms]
provider = smpp
[smpp]
host = 127.0.0.1
port = $SMSC_PORT
system_id = platform
password_file = $STATE/smsc/password
source = UMIAS
INI
}

# launch NAME COMMAND...: a process of ours; a test puts a program of its own before it (RUN_WITH NAME COMMAND...)
launch() {
    local name=$1
    shift
    start "$name" ${RUN_WITH:+"$RUN_WITH" "$name"} "$@"
}
# start_service NAME [INSTANCE]
start_service() {
    local name=$1 instance=${2:-0} conf
    case $name in
    identity | policy) conf=sealed ;;
    intake | notification) conf=$name ;;
    *) conf=service ;;
    esac
    local -a identity=()
    [ -z "${SECURE:-}" ] || identity=(--set "kafka.sasl.username=$name" --set "kafka.sasl.password_file=$STATE/secure/users/$name")
    launch "$name-$instance" "$BIN/$name" --config "$STATE/conf/$conf.ini" --set "instance=$instance" \
        --set "admin.listen=127.0.0.1:$(admin_port "$name" "$instance")" "${identity[@]}"
}
launch_gateway() { launch gateway "$BIN/gateway" --config "$STATE/conf/gateway.ini"; }
start_gateway() {
    launch_gateway
    wait_part 20 "the gateway" gateway http_ok "$(admin_port gateway 0)" /readyz
}
ctl() { "$BIN/attachctl" --config "$STATE/conf/operator.ini" "$@"; }

start_kafka() {
    local -a secure=()
    [ -z "${SECURE:-}" ] || { make_secrets; secure=(--secure "$SECURE_DIR"); }
    "$repo/deploy/local/kafka" start --dir "$STATE/kafka" --port "$KAFKA_PORT" ${KAFKA_DATA:+--data "$KAFKA_DATA"} "${secure[@]}" \
        >"$STATE/log/kafka-start.log" 2>&1 ||
        { tail -n 3 "$STATE/log/kafka-start.log" >&2; die "Kafka did not start"; }
}
write_gateway_conf() {
    cp "$STATE/conf/sealed.ini" "$STATE/conf/gateway.ini"
    sed -i -e '/^time.source/d' -e "/^\[kafka\]/i admin.listen = 127.0.0.1:$(admin_port gateway 0)" "$STATE/conf/gateway.ini"
    [ -z "${SECURE:-}" ] || add_user "$STATE/conf/gateway.ini" gateway
    printf '[http]\nlisten = 127.0.0.1:%s\n' "$HTTP_PORT" >>"$STATE/conf/gateway.ini"
}
