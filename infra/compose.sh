#!/bin/sh
# Start the distributed shell in containers: passwords once, then everything, then the addresses.
set -eu
cd "$(dirname "$0")/.."

say() { printf '%s\n' "$*" >&2; }
refuse() { say "nabat: $*"; exit 1; }
draw() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }

command -v docker >/dev/null 2>&1 || refuse "docker is not installed; without it, see 'nabat up'"
docker compose version >/dev/null 2>&1 || refuse "docker has no compose plugin (version 2.20 or newer)"
docker info >/dev/null 2>&1 || refuse "docker does not answer: is it running, and may you use it?"

if [ ! -f .env ]; then
  umask 077
  {
    printf '# Made once. Volumes keep these passwords: a new file needs new volumes.\n'
    for name in ELASTIC_PASSWORD KIBANA_PASSWORD KIBANA_KEY GRAFANA_PASSWORD; do
      printf '%s=%s\n' "$name" "$(draw)"
    done
  } > .env.new
  mv .env.new .env
  say "passwords were made: .env"
fi

if [ -z "${NABAT_SETTINGS:-}" ] && [ -f nabat.toml ]; then
  NABAT_SETTINGS=./nabat.toml
fi
export NABAT_SETTINGS="${NABAT_SETTINGS:-./nabat.example.toml}"
[ -f "$NABAT_SETTINGS" ] || refuse "$NABAT_SETTINGS does not exist"
if [ "$NABAT_SETTINGS" = ./nabat.example.toml ]; then
  say "there is no nabat.toml: the example is used, whose sources do not exist"
elif grep -q '^\[\[routes\]\]' "$NABAT_SETTINGS"; then
  export COMPOSE_PROFILES="${COMPOSE_PROFILES:+$COMPOSE_PROFILES,}webhook"
fi

docker compose up --detach --build --wait --wait-timeout 900 ||
  refuse "it did not start: 'docker compose ps --all' and 'docker compose logs' say why"
docker compose run --rm dashboards >/dev/null ||
  say "the dashboards of Kibana are not there yet: 'docker compose run --rm dashboards' tries again"

say ""
say "Grafana     http://127.0.0.1:3000  admin, GRAFANA_PASSWORD of .env"
say "Kibana      http://127.0.0.1:5601  elastic, ELASTIC_PASSWORD of .env"
say "Prometheus  http://127.0.0.1:9090"
say "Kafka       127.0.0.1:9092; Elasticsearch http://127.0.0.1:9200"
say ""
say "stop: docker compose stop; more workers: docker compose up --detach --scale enrich=4"
