#!/bin/sh
# One database a role and region, each with two users: NAME_owner changes the schema, NAME is what the role runs as.
# Neither can connect to any other database. The image of PostgreSQL runs this once, when its volume is empty.
set -eu

database() { # database NAME OWNER_PASSWORD PASSWORD
    psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
        --set name="$1" --set owner="$1_owner" --set owner_password="$2" --set password="$3" <<'SQL'
CREATE ROLE :"owner" LOGIN PASSWORD :'owner_password';
CREATE ROLE :"name" LOGIN PASSWORD :'password';
CREATE DATABASE :"name" OWNER :"owner";
REVOKE ALL ON DATABASE :"name" FROM PUBLIC;
GRANT CONNECT ON DATABASE :"name" TO :"name";
\connect :"name"
REVOKE ALL ON SCHEMA public FROM PUBLIC;
ALTER SCHEMA public OWNER TO :"owner";
GRANT USAGE ON SCHEMA public TO :"name";
SQL
}

psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres <<'SQL'
REVOKE ALL ON DATABASE postgres FROM PUBLIC;
REVOKE ALL ON DATABASE template1 FROM PUBLIC;
SQL
database users "$USERS_OWNER_PASSWORD" "$USERS_PASSWORD"
database keys "$KEYS_OWNER_PASSWORD" "$KEYS_PASSWORD"
database cloud_au "$CLOUD_AU_OWNER_PASSWORD" "$CLOUD_AU_PASSWORD"
database cloud_de "$CLOUD_DE_OWNER_PASSWORD" "$CLOUD_DE_PASSWORD"
