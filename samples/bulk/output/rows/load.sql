-- In the folder of this file: psql -X -f load.sql postgresql://USER@HOST/NAME
-- All files are loaded, or none. The tables must not hold any of their rows.
\set ON_ERROR_STOP on
\pset tuples_only on
\pset format unaligned
SET client_encoding = 'UTF8';
SET TIME ZONE 'UTC';
BEGIN;
SET CONSTRAINTS ALL DEFERRED;
\copy "auth_user" ("id", "password", "last_login", "is_superuser", "username", "first_name", "last_name", "email", "is_staff", "is_active", "date_joined") FROM '001_auth_user.csv' WITH (FORMAT csv, HEADER, ENCODING 'UTF8')
\copy "articles_label" ("id", "name") FROM '002_articles_label.csv' WITH (FORMAT csv, HEADER, ENCODING 'UTF8')
\copy "articles_article" ("id", "title", "body", "data", "price", "rating", "views", "published_on", "created_at", "author_id") FROM '003_articles_article.csv' WITH (FORMAT csv, HEADER, ENCODING 'UTF8')
\copy "articles_article_labels" ("article_id", "label_id") FROM '004_articles_article_labels.csv' WITH (FORMAT csv, HEADER, ENCODING 'UTF8')
\copy "articles_comment" ("id", "article_id", "author_id", "answer_to_id", "text") FROM '005_articles_comment.csv' WITH (FORMAT csv, HEADER, ENCODING 'UTF8')
\copy "articles_comment_likes" ("comment_id", "user_id") FROM '006_articles_comment_likes.csv' WITH (FORMAT csv, HEADER, ENCODING 'UTF8')
\echo Sequences that were behind:
SELECT seq, setval(seq, greatest(top, nextval(seq) - 1)) FROM (SELECT pg_get_serial_sequence('"auth_user"', 'id')::regclass AS seq, max("id") AS top FROM "auth_user") AS t WHERE top > coalesce(pg_sequence_last_value(seq), 0);
SELECT seq, setval(seq, greatest(top, nextval(seq) - 1)) FROM (SELECT pg_get_serial_sequence('"articles_label"', 'id')::regclass AS seq, max("id") AS top FROM "articles_label") AS t WHERE top > coalesce(pg_sequence_last_value(seq), 0);
SELECT seq, setval(seq, greatest(top, nextval(seq) - 1)) FROM (SELECT pg_get_serial_sequence('"articles_comment"', 'id')::regclass AS seq, max("id") AS top FROM "articles_comment") AS t WHERE top > coalesce(pg_sequence_last_value(seq), 0);
COMMIT;
