-- Rows that stand where the fixture's are to go. Look at each statement before you run it.
PRAGMA foreign_keys = ON; -- its shell would leave what refers to them referring to nothing
BEGIN;
-- authtoken.token: 5 rows
DELETE FROM "authtoken_token" WHERE "key" IN ('0000000000000000000000000000000000000000', '0000000000000000000000000000000000000001', '0000000000000000000000000000000000000006', '0000000000000000000000000000000000000003', '0000000000000000000000000000000000000004');
COMMIT;
