# Sourced by lib.sh when SECURE=yes: the local platform over TLS with passwords (SASL PLAIN: librdkafka 2.0 of Debian 12
# cannot log in by SCRAM at Kafka 4, 2.6.1 can; the broker takes both), every program with the rights that attachctl
# acls prints and no others; Redis behind TLS and a password, with a tunnel before it, because hiredis 0.14 has no TLS.
# Everything secret is in $STATE/secure: ca.pem, broker.pem, redis.pem, operator.pem, users/NAME and
# redis-password, certificate-port, admin.properties.
SECURE_DIR=$STATE/secure
SECURE_USERS="broker admin operator gateway $SERVICES"
REDIS_TLS_PORT=$((PORT_BASE + 5))
CERTIFICATE_PORT=$((PORT_BASE + 6)) # of the broker: clients show certificates there, and need no password

# certificate NAME: key and certificate for 127.0.0.1 in one file, signed by our CA
certificate() {
    openssl req -newkey rsa:2048 -nodes -keyout "$SECURE_DIR/$1.key" -out "$SECURE_DIR/$1.csr" -subj "/CN=$1" 2>/dev/null
    openssl x509 -req -in "$SECURE_DIR/$1.csr" -CA "$SECURE_DIR/ca.pem" -CAkey "$SECURE_DIR/ca.key" -CAcreateserial -days 30 \
        -extfile <(echo 'subjectAltName=IP:127.0.0.1,DNS:localhost') -out "$SECURE_DIR/$1.crt" 2>/dev/null
    cat "$SECURE_DIR/$1.key" "$SECURE_DIR/$1.crt" >"$SECURE_DIR/$1.pem"
}

make_secrets() {
    local name
    [ ! -f "$SECURE_DIR/admin.properties" ] || return 0
    command -v stunnel >/dev/null || die "stunnel is missing: apt-get install stunnel4"
    (
        umask 077
        mkdir -p "$SECURE_DIR/users"
        openssl req -x509 -newkey rsa:2048 -nodes -keyout "$SECURE_DIR/ca.key" -out "$SECURE_DIR/ca.pem" -days 30 \
            -subj /CN=local-ca -addext basicConstraints=critical,CA:TRUE 2>/dev/null
        echo "$CERTIFICATE_PORT" >"$SECURE_DIR/certificate-port"
        certificate broker
        certificate redis
        certificate operator
        for name in $SECURE_USERS; do openssl rand -hex 16 >"$SECURE_DIR/users/$name"; done
        openssl rand -hex 16 >"$SECURE_DIR/redis-password"
        echo "redis://:$(cat "$SECURE_DIR/redis-password")@127.0.0.1:$REDIS_PORT/0" >"$SECURE_DIR/store-url"
        cat >"$SECURE_DIR/admin.properties" <<END
security.protocol=SASL_SSL
sasl.mechanism=PLAIN
sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required username="admin" password="$(cat "$SECURE_DIR/users/admin")";
ssl.truststore.type=PEM
ssl.truststore.location=$SECURE_DIR/ca.pem
END
    )
}

# Into an INI file: how to reach Kafka and Redis; add_user FILE NAME: as whom.
secure_conf() {
    sed -i -e "/^\[kafka\]/a security.protocol = SASL_SSL\nsasl.mechanisms = PLAIN\nssl.ca.location = $SECURE_DIR/ca.pem" \
        -e "s|^url = redis://.*|url_file = $SECURE_DIR/store-url|" "$1"
}
add_user() { sed -i "/^\[kafka\]/a sasl.username = $2\nsasl.password_file = $SECURE_DIR/users/$2" "$1"; }

# Kafka's own tool under the name that its distribution has
kafka-acls.sh() {
    java -XX:TieredStopAtLevel=1 -cp "$("$repo/deploy/local/jars")/*" org.apache.kafka.tools.AclCommand "$@"
}

grant() {
    # shellcheck disable=SC2034  # the commands name them
    local BOOTSTRAP=$BOOTSTRAP ADMIN=$SECURE_DIR/admin.properties
    eval "$("$BIN/attachctl" acls --commands)" >"$STATE/log/acls.log" 2>&1 || die "the rights could not be set; see $STATE/log/acls.log"
}

start_secure_redis() {
    mkdir -p "$STATE/redis"
    printf 'requirepass %s\n' "$(cat "$SECURE_DIR/redis-password")" >"$STATE/redis/secret.conf"
    chmod 600 "$STATE/redis/secret.conf"
    start redis redis-server "$STATE/redis/secret.conf" --bind 127.0.0.1 --port 0 --tls-port "$REDIS_TLS_PORT" --tls-auth-clients no \
        --tls-cert-file "$SECURE_DIR/redis.crt" --tls-key-file "$SECURE_DIR/redis.key" --tls-ca-cert-file "$SECURE_DIR/ca.pem" \
        --dir "$STATE/redis" --save '' --appendonly no --maxmemory-policy noeviction --hash-max-listpack-value 1024 \
        --hash-max-listpack-entries 512 --daemonize no
    cat >"$STATE/redis/stunnel.conf" <<END
foreground = yes
pid =
[redis]
client = yes
accept = 127.0.0.1:$REDIS_PORT
connect = 127.0.0.1:$REDIS_TLS_PORT
verifyChain = yes
CAfile = $SECURE_DIR/ca.pem
checkIP = 127.0.0.1
END
    start redis-tunnel stunnel "$STATE/redis/stunnel.conf"
    wait_for 10 Redis redis_answers
}
redis_answers() {
    REDISCLI_AUTH=$(cat "$SECURE_DIR/redis-password") redis-cli -p "$REDIS_PORT" ping | grep -q PONG
}
