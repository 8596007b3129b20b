-- Makes the role and its database where they are missing and gives the role the password that the Secret holds. Run by psql
-- as a role that may; safe to repeat.
\set ON_ERROR_STOP on
\set role `printenv NEW_USER`
\set database `printenv NEW_DATABASE`
\set password `printenv NEW_PASSWORD`

SELECT format('CREATE ROLE %I LOGIN', :'role')
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'role') \gexec
SELECT format('ALTER ROLE %I WITH LOGIN PASSWORD %L', :'role', :'password') \gexec

-- Without being a superuser one may give a database only to a role that one belongs to.
SELECT format('GRANT %I TO CURRENT_USER', :'role')
 WHERE NOT (SELECT rolsuper FROM pg_roles WHERE rolname = CURRENT_USER)
   AND NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database') \gexec
SELECT format('CREATE DATABASE %I OWNER %I', :'database', :'role')
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database') \gexec

\echo role :role and database :database are there
