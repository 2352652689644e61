-- Rows that stand where the fixture's are to go. Look at each statement before you run it.
BEGIN;
-- authtoken.token: 2 rows
DELETE FROM "authtoken_token" WHERE "key" IN ('0000000000000000000000000000000000000000', '0000000000000000000000000000000000000001');
COMMIT;
